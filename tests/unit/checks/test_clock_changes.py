"""Schedules on the days when clocks change."""

from __future__ import annotations

import pytest

from flowstone.checks.clock_changes import clock_changes
from flowstone.dsl.schedule import Cron, Every


def test_changes_of_a_zone():
    first, second, *_ = clock_changes("Europe/Berlin")

    assert (str(first.start), str(first.end), first.skipped) == ("2026-03-29 02:00:00", "2026-03-29 03:00:00", True)
    assert (str(second.start), str(second.end), second.skipped) == ("2026-10-25 02:00:00", "2026-10-25 03:00:00", False)
    assert len(clock_changes("Europe/Berlin")) == 20
    assert clock_changes("UTC") == clock_changes("Asia/Tokyo") == ()


def test_half_an_hour():
    first, *_ = clock_changes("Australia/Lord_Howe")

    assert (str(first.start), str(first.end), first.skipped) == ("2026-04-05 01:30:00", "2026-04-05 02:00:00", False)


@pytest.mark.parametrize(
    ("expression", "zone", "words"),
    [
        ("30 2 * * *", "Europe/Berlin", "02:30, which does not come on 2026-03-29"),
        ("0 2 * * *", "Europe/Berlin", "02:00, which does not come on 2026-03-29"),
        ("30 2 * * SUN", "Europe/Berlin", "02:30, which does not come"),
        ("30 2 25 10 *", "Europe/Berlin", "02:30, which comes twice on 2026-10-25"),
        ("0 1,2 * * *", "America/New_York", "02:00, which does not come on 2026-03-08"),
        ("30 1 * * *", "America/New_York", "01:30, which comes twice on 2026-11-01"),
        ("0 0 * * *", "America/Havana", "00:00, which does not come"),
        ("@daily", "America/Havana", "00:00, which does not come"),
        ("45 1 * * *", "Australia/Lord_Howe", "01:45, which comes twice"),
        ("30 3 * * *", "Europe/Berlin", None),
        ("30 1 * * *", "Europe/Berlin", None),
        ("30 2 * * MON", "Europe/Berlin", None),
        ("30 2 1 * *", "Europe/Berlin", None),
        ("30 2 * * *", "UTC", None),
        ("30 2 * * *", "Asia/Tokyo", None),
        ("*/5 * * * *", "Europe/Berlin", None),
        ("0 */2 * * *", "Europe/Berlin", None),
        ("@hourly", "Europe/Berlin", None),
        ("@daily", "Europe/Berlin", None),
    ],
)
def test_times_that_do_not_come_or_come_twice(build, expression, zone, words):
    build.asset("orders").job("nightly", "orders", schedule=Cron(expression, zone))

    messages = [item.message for item in build.findings()]

    assert len(messages) == (words is not None)
    assert words is None or f"job 'nightly' is at {words}" in messages[0]


def test_what_is_wrong_otherwise_is_told_there(build):
    build.asset("a", schedule=Cron("30 2 * *", "Europe/Berlin")).asset("b", schedule=Cron("30 2 * * *", "Berlin"))
    build.asset("c", schedule=Cron("30 2 * * *")).asset("d", schedule=Every("1d"))

    assert build.findings("FS603") == []
