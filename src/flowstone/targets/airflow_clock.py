"""Clocks of Airflow DAGs: which of FlowStone's schedules can start a run for the right partition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flowstone.dsl.duration import seconds
from flowstone.dsl.partitions import (
    CronPartitions,
    DailyPartitions,
    DynamicPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    MultiPartitions,
    Partitions,
    StaticPartitions,
    TimePartitions,
    WeeklyPartitions,
)
from flowstone.dsl.schedule import ClockSchedule, Cron, Every
from flowstone.targets.cron import cron_fields
from flowstone.targets.literals import Call, call

_SHAPES = {
    "hourly": "M * * * *",
    "daily": "M H * * *",
    "weekly": "M H * * 1",
    "monthly": "M H D * *, with D up to 28",
}
_YEARS = 20
"""How far ahead changes of the clock are looked at."""


class RefusedError(Exception):
    """Airflow cannot do it; the text says why."""


def plain_timetable(schedule: ClockSchedule) -> Call:
    """The timetable of an unpartitioned DAG."""
    if isinstance(schedule, Every):
        return call("DeltaTriggerTimetable", timedelta(seconds=seconds(schedule.interval)))
    return call("CronTriggerTimetable", schedule.expression, timezone=schedule.timezone or "UTC")


def partition_timetable(schedule: ClockSchedule, partitions: Partitions) -> Call:
    """The timetable of a partitioned DAG: each tick makes the period that has just ended.

    Errors: RefusedError unless the clock ticks exactly once in each period.
    """
    if isinstance(partitions, StaticPartitions):
        raise RefusedError("a clock cannot say which of the static keys to make")
    if isinstance(partitions, DynamicPartitions):
        raise RefusedError("a clock cannot say which of the registry's keys to make")
    if isinstance(partitions, MultiPartitions):
        many = " and ".join(partitions.times) or "none"
        raise RefusedError(f"a clock tells the key of one dimension with periods, and there is not one: {many}")
    if isinstance(schedule, Every):
        raise RefusedError(f"Every has no fixed place in a {partitions.kind} partition; use Cron")
    if schedule.timezone != partitions.timezone:
        raise RefusedError(
            f"the schedule's zone {schedule.timezone} is not that of the partitions, {partitions.timezone}"
        )
    _demand_one_tick(schedule, partitions)
    return call(
        "CronPartitionTimetable",
        " ".join(cron_fields(schedule.expression)),
        timezone=partitions.timezone,
        run_offset=-1,
        key_format=partitions.key_format,
    )


def first_tick(partitions: TimePartitions) -> datetime:
    """The instant from which ticks make keys of the definition: the end of the first period."""
    end = partitions.first().end
    assert end is not None
    return end


def last_tick(partitions: TimePartitions) -> datetime | None:
    """The last instant at which a tick makes a key of the definition; None if there is no end."""
    _, end = partitions.window
    if end is None:
        return None
    last = partitions.last_closed(end)
    if last is None or last.end is None:
        return first_tick(partitions)
    following = partitions._step(last.end, 1)  # noqa: SLF001 - the end of the period that begins there
    return (following.astimezone(UTC) - timedelta(seconds=1)).astimezone(partitions.zone)


def _demand_one_tick(schedule: Cron, partitions: TimePartitions) -> None:
    fields = cron_fields(schedule.expression)
    if isinstance(partitions, CronPartitions):
        _demand_same_ticks(fields, partitions)
        return
    if not _has_shape(fields, partitions):
        raise RefusedError(
            f"{schedule.expression!r} does not tick exactly once in each {partitions.kind} partition;"
            f" write {_SHAPES[partitions.kind]}"
        )
    if isinstance(partitions, HourlyPartitions):
        if partitions.timezone != "UTC":
            raise RefusedError(
                f"hours of {partitions.timezone} are skipped and repeated when the clocks change; use UTC"
            )
        return
    moment = time(int(fields[1]), int(fields[0]))
    for day in _days(fields, partitions):
        if _is_ambiguous(datetime.combine(day, moment), partitions.zone):
            raise RefusedError(
                f"{moment:%H:%M} is skipped or repeated in {partitions.timezone} on {day}, when the clocks change"
            )


def _demand_same_ticks(fields: list[str], partitions: CronPartitions) -> None:
    if fields != cron_fields(partitions.cron):
        raise RefusedError(f"{' '.join(fields)!r} is not the cron of the partitions, {partitions.cron!r}")
    zone = partitions.zone
    midnight = datetime.combine(partitions.window[0].date(), time())
    for number in range(_YEARS * 366):
        day = midnight + timedelta(days=number)
        if day.replace(tzinfo=zone).utcoffset() != (day + timedelta(days=1)).replace(tzinfo=zone).utcoffset():
            moment = next((tick for tick in _ticks(fields, day) if _is_ambiguous(tick, zone)), None)
            if moment is not None:
                raise RefusedError(
                    f"{moment:%H:%M} is skipped or repeated in {partitions.timezone} on {moment:%Y-%m-%d}, when the"
                    " clocks change"
                )


def _ticks(fields: list[str], day: datetime) -> Iterator[datetime]:
    """The ticks of a day."""
    from croniter import croniter  # only where there are such partitions

    ticks = croniter(" ".join(fields), day - timedelta(minutes=1))
    while (moment := ticks.get_next(datetime)) < day + timedelta(days=1):
        yield moment


def _has_shape(fields: list[str], partitions: TimePartitions) -> bool:
    if len(fields) != 5 or not _is_number(fields[0], 59):
        return False
    rest = fields[1:]
    if isinstance(partitions, HourlyPartitions):
        return rest == ["*", "*", "*", "*"]
    hour, day, month, weekday = rest
    if not _is_number(hour, 23) or month != "*":
        return False
    if isinstance(partitions, DailyPartitions):
        return day == "*" and weekday == "*"
    if isinstance(partitions, WeeklyPartitions):
        return day == "*" and weekday in ("1", "mon")
    assert isinstance(partitions, MonthlyPartitions)
    return _is_number(day, 28) and day != "0" and weekday == "*"


def _is_number(text: str, limit: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 2 and int(text) <= limit


def _days(fields: list[str], partitions: TimePartitions) -> Iterator[date]:
    """The days on which the clock ticks."""
    day = partitions.window[0].date()
    end = day.replace(year=min(day.year + _YEARS, 9999), day=1)
    while day < end:
        if isinstance(partitions, MonthlyPartitions):
            wanted = day.day == int(fields[2])
        else:
            wanted = not isinstance(partitions, WeeklyPartitions) or day.weekday() == 0
        if wanted:
            yield day
        day += timedelta(days=1)


def _is_ambiguous(local: datetime, zone: ZoneInfo) -> bool:
    """Whether a time on the wall does not come, or comes twice."""
    return local.replace(tzinfo=zone, fold=0).utcoffset() != local.replace(tzinfo=zone, fold=1).utcoffset()
