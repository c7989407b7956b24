"""Schedules as timetables."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from flowstone import (
    Cron,
    CronPartitions,
    DailyPartitions,
    Every,
    HourlyPartitions,
    MonthlyPartitions,
    StaticPartitions,
    WeeklyPartitions,
)
from flowstone.targets.airflow_clock import RefusedError, first_tick, last_tick, partition_timetable, plain_timetable
from flowstone.targets.literals import py

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (Cron("0 6 * * *", timezone="UTC"), 'CronTriggerTimetable("0 6 * * *", timezone="UTC")'),
        (Every("90m"), "DeltaTriggerTimetable(timedelta(minutes=90))"),
    ],
)
def test_without_partitions_every_schedule_will_do(schedule, text):
    assert py(plain_timetable(schedule)) == text


@pytest.mark.parametrize(
    ("expression", "partitions", "cron"),
    [
        ("15 6 * * *", DailyPartitions("2024-01-01"), "15 6 * * *"),
        ("0 6 * * 1-5", CronPartitions("0 6 * * 1-5", "2024-01-01"), "0 6 * * 1-5"),
        ("@daily", DailyPartitions("2024-01-01"), "0 0 * * *"),
        ("5 * * * *", HourlyPartitions("2024-01-01"), "5 * * * *"),
        ("@hourly", HourlyPartitions("2024-01-01"), "0 * * * *"),
        ("0 6 * * 1", WeeklyPartitions("2024-01-01"), "0 6 * * 1"),
        ("0 6 * * MON", WeeklyPartitions("2024-01-01"), "0 6 * * mon"),
        ("0 6 28 * *", MonthlyPartitions("2024-01-01"), "0 6 28 * *"),
        ("@monthly", MonthlyPartitions("2024-01-01"), "0 0 1 * *"),
    ],
)
def test_one_tick_in_each_period(expression, partitions, cron):
    call = partition_timetable(Cron(expression, timezone="UTC"), partitions)
    assert call.args == (cron,)
    assert call.kwargs == {"timezone": "UTC", "run_offset": -1, "key_format": partitions.key_format}


@pytest.mark.parametrize(
    ("schedule", "partitions", "reason"),
    [
        (Cron("0 */6 * * *", timezone="UTC"), DailyPartitions("2024-01-01"), "exactly once in each daily"),
        (Cron("0 6 * * 1-5", timezone="UTC"), DailyPartitions("2024-01-01"), "exactly once"),
        (Cron("0 6 * * *", timezone="UTC"), HourlyPartitions("2024-01-01"), "exactly once"),
        (Cron("0 6 * * *", timezone="UTC"), MonthlyPartitions("2024-01-01"), "exactly once"),
        (Cron("0 6 29 * *", timezone="UTC"), MonthlyPartitions("2024-01-01"), "exactly once"),
        (Cron("0 6 0 * *", timezone="UTC"), MonthlyPartitions("2024-01-01"), "exactly once"),
        (Cron("@weekly", timezone="UTC"), WeeklyPartitions("2024-01-01"), "exactly once"),
        (Cron("0 6 * * 0", timezone="UTC"), WeeklyPartitions("2024-01-01"), "exactly once"),
        (Cron("0 6 * * *", timezone=BERLIN), DailyPartitions("2024-01-01"), "zone"),
        (Cron("30 2 * * *", timezone=BERLIN), DailyPartitions("2024-01-01", timezone=BERLIN), "on 2024-03-31"),
        (Cron("0 * * * *", timezone=BERLIN), HourlyPartitions("2024-01-01", timezone=BERLIN), "use UTC"),
        (Every("1d"), DailyPartitions("2024-01-01"), "use Cron"),
        (Cron("0 6 * * *", timezone="UTC"), StaticPartitions("a"), "which of the static keys"),
    ],
)
def test_other_ticks_are_refused_with_the_reason(schedule, partitions, reason):
    with pytest.raises(RefusedError, match=reason):
        partition_timetable(schedule, partitions)


@pytest.mark.parametrize("minute", range(0, 60, 20))
@pytest.mark.parametrize("hour", range(24))
def test_a_time_on_the_wall_is_allowed_if_it_comes_once_a_day(hour, minute):
    partitions = DailyPartitions("2024-01-01", timezone=BERLIN)
    schedule = Cron(f"{minute} {hour} * * *", timezone=BERLIN)
    if hour == 2:
        with pytest.raises(RefusedError):
            partition_timetable(schedule, partitions)
    else:
        partition_timetable(schedule, partitions)


def test_ticks_begin_with_the_end_of_the_first_period_and_end_with_the_last():
    zone = ZoneInfo("America/New_York")
    days = DailyPartitions("2013-01-01", "2014-01-01", timezone="America/New_York")
    assert first_tick(days) == datetime(2013, 1, 2, tzinfo=zone)
    assert last_tick(days) == datetime(2014, 1, 1, 23, 59, 59, tzinfo=zone)
    months = MonthlyPartitions("2013-01-15", "2014-01-15")
    assert first_tick(months).date().isoformat() == "2013-03-01"
    last = last_tick(months)
    assert last is not None
    assert last.isoformat() == "2014-01-31T23:59:59+00:00"
    assert last_tick(DailyPartitions("2013-01-01")) is None


@pytest.mark.parametrize(
    ("cron", "zone", "reason"),
    [("0 7 * * *", "UTC", "is not the cron of the partitions"), ("30 2 * * *", BERLIN, "02:30 is skipped or repeated")],
)
def test_a_clock_that_is_not_that_of_the_partitions_is_refused(cron, zone, reason):
    partitions = CronPartitions("30 2 * * *", "2024-01-01", timezone=zone)
    with pytest.raises(RefusedError, match=reason):
        partition_timetable(Cron(cron, timezone=zone), partitions)


def test_ticks_of_a_cron_begin_and_end_with_its_periods():
    weekdays = CronPartitions("0 6 * * 1-5", "2024-03-07", "2024-03-12")
    assert first_tick(weekdays) == datetime(2024, 3, 8, 6, tzinfo=ZoneInfo("UTC"))
    assert last_tick(weekdays) == datetime(2024, 3, 12, 5, 59, 59, tzinfo=ZoneInfo("UTC"))
