"""FS601: a cron expression that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.schedules import cron_problem, meant_cron, schedules
from flowstone.checks.subject import Subject
from flowstone.dsl.partitions import CronPartitions, axes
from flowstone.dsl.schedule import Cron
from flowstone.fixes.respell import respell
from flowstone.ir.node import Location


def check(subject: Subject) -> Iterator[Finding]:
    for found in schedules(subject.project):
        if not isinstance(found.schedule, Cron):
            continue
        expression = found.schedule.expression
        problem = cron_problem(expression)
        if problem is not None:
            yield _finding(f"the schedule of {found.owner}: {problem}", found.location, expression)
    for step in subject.project.steps.values():
        for axis in axes(step.partitions):
            if isinstance(axis, CronPartitions) and (problem := cron_problem(axis.cron)) is not None:
                place = step.keywords.get("partitioned_by", step.location)
                yield _finding(f"the partitions of {step.id!r}: {problem}", place, axis.cron)


def _finding(message: str, place: Location, expression: str) -> Finding:
    meant = meant_cron(expression)
    return Finding(
        message,
        place,
        fix=None if meant is None else respell(to_span(place), expression, meant),
        help="write minute, hour, day of month, month and day of week, as in '0 6 * * *', or @daily",
    )


RULE = Rule(
    code="FS601",
    name="invalid-cron",
    summary="A cron expression cannot be read",
    why="Engines disagree about expressions of six fields, and refuse invalid ones only when they load the schedule.",
    bad="""\
from flowstone import Cron, Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="orders", schedule=Cron("0 25 * * *", timezone="UTC"))  # <- here
""",
    good="""\
from flowstone import Cron, Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="orders", schedule=Cron("0 5 * * *", timezone="UTC"))
""",
    check=check,
    fixes=(Remedy("writes the @-name that is clearly meant"),),
    fixable="""\
from flowstone import Cron, Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="orders", schedule=Cron("daily", timezone="UTC"))  # <- here
""",
)
