"""The next runs of schedules; ``tests/engines`` compares them with the engines."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flowstone import Cron, Every
from flowstone.checks.firings import next_firings

FORWARD, BACK = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
BOTH = ("airflow", "prefect")


def shown(schedule, after, count):
    return [
        (f"{item.at:%m-%d %H:%M %Z}", item.engines, None if item.change is None else item.change.skipped)
        for item in next_firings(schedule, after, count)
    ]


def test_without_changes_of_the_clock_the_engines_agree():
    schedule = Cron("0 6 * * 1-5", timezone="UTC")
    assert shown(schedule, FORWARD, 2) == [("03-30 06:00 UTC", BOTH, None), ("03-31 06:00 UTC", BOTH, None)]


def test_a_time_that_does_not_come_is_moved_by_each_in_its_way():
    assert shown(Cron("30 2 * * *", timezone="Europe/Berlin"), FORWARD, 3) == [
        ("03-29 01:30 CET", ("prefect",), True),
        ("03-29 03:30 CEST", ("airflow",), True),
        ("03-30 02:30 CEST", BOTH, None),
    ]


def test_of_a_time_that_comes_twice_each_takes_another():
    assert shown(Cron("30 2 * * *", timezone="Europe/Berlin"), BACK, 3) == [
        ("10-25 02:30 CEST", ("prefect",), False),
        ("10-25 02:30 CET", ("airflow",), False),
        ("10-26 02:30 CET", BOTH, None),
    ]


@pytest.mark.parametrize("expression", ["0 * * * *", "@hourly"])
def test_what_runs_each_hour_runs_in_both_of_them_on_airflow(expression):
    assert shown(Cron(expression, timezone="Europe/Berlin"), BACK.replace(hour=23, minute=30), 3) == [
        ("10-25 02:00 CEST", BOTH, False),
        ("10-25 02:00 CET", ("airflow",), False),
        ("10-25 03:00 CET", BOTH, None),
    ]


def test_the_instant_itself_is_not_after_it():
    assert shown(Cron("0 12 * * *", timezone="UTC"), FORWARD, 1) == [("03-29 12:00 UTC", BOTH, None)]
    assert shown(Every("15m"), FORWARD, 1) == [("03-28 12:15 UTC", ("prefect",), None)]


def test_an_interval_is_counted_from_its_anchor_before_it_too():
    assert [item.at for item in next_firings(Every("7h"), datetime(1999, 12, 31, 20, tzinfo=UTC), 2)] == [
        datetime(2000, 1, 1, tzinfo=UTC),
        datetime(2000, 1, 1, 7, tzinfo=UTC),
    ]
