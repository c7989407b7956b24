"""FS604: a job that runs more often than there are partitions."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.schedules import Scheduled, schedules, shortest_gap
from flowstone.checks.subject import Subject
from flowstone.dsl.partitions import CronPartitions, TimePartitions, axes
from flowstone.dsl.schedule import Cron
from flowstone.ir.project import Project

_SHORTEST = {"hourly": 3600, "daily": 23 * 3600, "weekly": 7 * 86400 - 3600, "monthly": 28 * 86400 - 3600}
"""Seconds of the shortest period of each kind: clocks are put forward by an hour."""


def check(subject: Subject) -> Iterator[Finding]:
    for found in schedules(subject.project):
        finest = _finest(subject.project, found)
        gap = None if finest is None else shortest_gap(found.schedule)
        if finest is not None and gap is not None and gap < _shortest(finest):
            yield Finding(
                f"{found.owner} runs every {_words(gap)}, but its partitions are {finest.kind}",
                found.location,
                help="schedule it once for each partition, or make the partitions finer",
            )


def _shortest(partitions: TimePartitions) -> float:
    """Seconds of the shortest period."""
    if isinstance(partitions, CronPartitions):
        return shortest_gap(Cron(partitions.cron, timezone=partitions.timezone)) or 0
    return _SHORTEST[partitions.kind]


def _finest(project: Project, found: Scheduled) -> TimePartitions | None:
    steps = (project.steps[step] for step in found.steps if step in project.steps)
    kinds = [item for step in steps for item in axes(step.partitions) if isinstance(item, TimePartitions)]
    return min(kinds, key=lambda partitions: partitions.grain, default=None)


def _words(length: float) -> str:
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if length >= size and length % size == 0:
            count = int(length // size)
            return f"{count} {unit}s" if count > 1 else unit
    return f"{length:g} seconds"


RULE = Rule(
    code="FS604",
    name="schedule-finer-than-partitions",
    summary="A job is scheduled more often than its partitions begin",
    why="Most of the runs would have no new partition to make: they would repeat the last one, or fail.",
    bad="""\
from flowstone import Cron, DailyPartitions, Job, asset


@asset(partitioned_by=DailyPartitions(start="2024-01-01"))
def orders() -> list[int]:
    return [1, 2]


often = Job("often", select="orders", schedule=Cron("0 * * * *", timezone="UTC"))  # <- here
""",
    good="""\
from flowstone import Cron, DailyPartitions, Job, asset


@asset(partitioned_by=DailyPartitions(start="2024-01-01"))
def orders() -> list[int]:
    return [1, 2]


often = Job("often", select="orders", schedule=Cron("0 5 * * *", timezone="UTC"))
""",
    check=check,
)
