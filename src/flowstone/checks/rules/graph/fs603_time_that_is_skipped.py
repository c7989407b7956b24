"""FS603: a time of day that some day does not have, or has twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from flowstone.checks.clock_changes import ClockChange, clock_changes
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.schedules import cron_problem, schedules
from flowstone.checks.subject import Subject
from flowstone.checks.zones import known_zone
from flowstone.diagnostics.diagnostic import Severity
from flowstone.dsl.schedule import Cron


def check(subject: Subject) -> Iterator[Finding]:
    for found in schedules(subject.project):
        schedule = found.schedule
        if isinstance(schedule, Cron) and schedule.timezone is not None:
            reason = _reason(schedule.expression, schedule.timezone)
            if reason is not None:
                yield Finding(
                    f"the schedule of {found.owner} is at {reason} in {schedule.timezone}, when the clocks change",
                    found.location,
                    help="choose an hour that every day has once, or a zone whose clocks do not change, such as UTC",
                )


@lru_cache(maxsize=1024)
def _reason(expression: str, zone: str) -> str | None:
    if not known_zone(zone) or not _has_fixed_hours(expression) or cron_problem(expression) is not None:
        return None
    hits = [(moment, change) for change in clock_changes(zone) if (moment := _within(expression, change)) is not None]
    if not hits:
        return None
    moment, change = next((hit for hit in hits if hit[1].skipped), hits[0])
    return f"{moment:%H:%M}, which {'does not come' if change.skipped else 'comes twice'} on {moment:%Y-%m-%d}"


def _has_fixed_hours(expression: str) -> bool:
    """Whether it names hours of the day. What runs all day long has another run soon."""
    if expression.startswith("@"):
        return expression not in ("@hourly",)
    fields = expression.split()
    return len(fields) == 5 and "*" not in fields[1]


def _within(expression: str, change: ClockChange) -> datetime | None:
    """The first time of the expression that lies in what is skipped or repeated."""
    from croniter import croniter  # only where there is a schedule

    start, end = change.start.replace(tzinfo=UTC), change.end.replace(tzinfo=UTC)
    moment: datetime = croniter(expression, start - timedelta(seconds=1)).get_next(datetime)
    return moment if moment < end else None


RULE = Rule(
    code="FS603",
    name="time-that-is-skipped",
    summary="A schedule is at a time of day that does not come, or comes twice, on the days when the clocks change",
    why="Engines differ in what they do on such a day: some run late, some twice, some not at all. For partitioned "
    "assets Airflow's clock would make a partition twice or never, so compiling for it is refused.",
    severity=Severity.WARNING,
    bad="""\
from flowstone import Cron, Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="orders", schedule=Cron("30 2 * * *", timezone="Europe/Berlin"))  # <- here
""",
    good="""\
from flowstone import Cron, Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="orders", schedule=Cron("30 4 * * *", timezone="Europe/Berlin"))
""",
    check=check,
)
