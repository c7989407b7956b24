"""Schedules wherever they stand, and what cron expressions mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from msgspec import Struct

from flowstone.checks.finding import to_span
from flowstone.diagnostics.suggest import nearest
from flowstone.dsl.duration import seconds
from flowstone.dsl.schedule import Cron, OnUpdate, Schedule
from flowstone.fixes.respell import respell
from flowstone.fixes.source import MakeFix
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.ir.updates import assets_meant, namespace_of

_FIELDS = 5
_NAMES = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")
_SAMPLES = 64
"""Firings that are looked at for the shortest distance between two."""


class Scheduled(Struct, frozen=True):
    """A schedule, and what it sets going."""

    owner: str
    """``job 'nightly'`` or ``asset 'orders'``."""
    schedule: Schedule
    steps: tuple[str, ...]
    location: Location
    step: str | None = None
    """The step whose own schedule it is; None for a job's."""

    def fix(self, old: str, new: str) -> MakeFix:
        """Write another text in the schedule."""
        argument = "schedule" if self.step is None else None
        return respell(to_span(self.location), old, new, argument=argument, position=3)


class Updated(Struct, frozen=True):
    """An ``OnUpdate``, and the assets that each of its names may mean."""

    scheduled: Scheduled
    schedule: OnUpdate
    meant: dict[str, tuple[str, ...]]

    @property
    def assets(self) -> tuple[str, ...]:
        """Those whose names are clear."""
        return tuple(found[0] for found in self.meant.values() if len(found) == 1)


def updates(project: Project) -> Iterator[Updated]:
    """The schedules that follow others."""
    for found in schedules(project):
        if isinstance(found.schedule, OnUpdate):
            namespace = None if found.step is None else namespace_of(project, found.step)
            meant = {name: assets_meant(project, name, namespace) for name in found.schedule.assets}
            yield Updated(found, found.schedule, meant)


def schedules(project: Project) -> Iterator[Scheduled]:
    """The schedules of all jobs, then those of single steps."""
    for job in project.jobs.values():
        if job.schedule is not None and job.location is not None:
            yield Scheduled(f"job {job.name!r}", job.schedule, job.steps, job.location)
    for step in project.steps.values():
        if step.schedule is not None:
            place = step.keywords.get("schedule", step.location)
            yield Scheduled(f"asset {step.id!r}", step.schedule, (step.id,), place, step.id)


def cron_problem(expression: str) -> str | None:
    """What is wrong with a cron expression; None if all engines read it alike."""
    if expression.startswith("@"):
        return None if expression in _NAMES else f"{expression!r} is not one of {', '.join(_NAMES)}"
    fields = expression.split()
    if len(fields) != _FIELDS:
        return f"{expression!r} has {len(fields)} fields, not {_FIELDS}"
    for field in fields:
        if not re.fullmatch(r"[0-9A-Za-z*,/#?-]+", field):
            return f"{field!r} in {expression!r} is not a field of a cron expression"
    from croniter import CroniterBadDateError, CroniterError, croniter  # only where there is a schedule

    try:
        croniter(expression, datetime(2024, 1, 1, tzinfo=UTC)).get_next(float)
    except CroniterBadDateError:
        return f"there is no day that {expression!r} means"
    except CroniterError as error:
        return f"{expression!r} is not a cron expression: {error}"
    return None


def meant_cron(expression: str) -> str | None:
    """The name that a misspelt one clearly means: ``daily`` or ``@Dayly`` for ``@daily``."""
    word = expression.strip().lower()
    if not re.fullmatch(r"@?[a-z]+", word):
        return None
    return nearest(f"@{word.removeprefix('@')}", _NAMES)


def shortest_gap(schedule: Schedule) -> float | None:
    """Seconds between the two nearest runs by the clock on the wall; None if it is invalid, or no clock starts it."""
    if isinstance(schedule, OnUpdate):
        return None
    if not isinstance(schedule, Cron):
        return seconds(schedule.interval)
    if cron_problem(schedule.expression) is not None:
        return None
    from croniter import CroniterError, croniter

    try:
        times = croniter(schedule.expression, datetime(2023, 12, 31, 23, 59, tzinfo=UTC))
        found = [times.get_next(float) for _ in range(_SAMPLES)]
    except CroniterError:
        return None
    return float(min(later - earlier for earlier, later in pairwise(found)))
