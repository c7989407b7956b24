"""FS602: a time of day without a zone."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.schedules import schedules
from flowstone.checks.subject import Subject
from flowstone.dsl.schedule import Cron
from flowstone.fixes.items import add_argument


def check(subject: Subject) -> Iterator[Finding]:
    for found in schedules(subject.project):
        if isinstance(found.schedule, Cron) and found.schedule.timezone is None:
            yield Finding(
                f"the schedule of {found.owner} has no time zone",
                found.location,
                fix=add_argument(
                    to_span(found.location),
                    'timezone="UTC"',
                    found.schedule.expression,
                    title='Add timezone="UTC"',
                ),
                help=f'write it: Cron("{found.schedule.expression}", timezone="UTC")',
            )


RULE = Rule(
    code="FS602",
    name="missing-zone",
    summary="A cron schedule does not say in which time zone it is",
    why="Engines have different defaults, which can be configured, so the job would run at another time elsewhere.",
    bad="""\
from flowstone import Cron, Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="orders", schedule=Cron("0 5 * * *"))  # <- here
""",
    good="""\
from flowstone import Cron, Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="orders", schedule=Cron("0 5 * * *", timezone="Europe/Berlin"))
""",
    check=check,
    fixes=(Remedy('adds `timezone="UTC"`'),),
)
