"""Partition keys of runs: given, implied, or found by the clock."""

from __future__ import annotations

from datetime import date

import pytest

CALENDAR = """
days = DailyPartitions("2024-02-27", "2024-04-01", timezone="Europe/Berlin")
months = MonthlyPartitions("2024-02", timezone="Europe/Berlin", end="2024-04-01")

@asset
def reference() -> int:
    note("reference")
    return 100

@asset(partitioned_by=days)
def day(ctx: Context, reference: int) -> int:
    return reference + ctx.partition.date.day

@asset(partitioned_by=days, depends_on=[Dep("day", as_="window", partitions=Last(days=2))])
def trend(window: dict[str, int]) -> int:
    return sum(window.values())

@asset(partitioned_by=days, depends_on=[Dep("running", as_="before", partitions=Offset(-1))])
def running(day: int, before: int | None) -> int:
    return day + (before or 0)

@asset(partitioned_by=months, depends_on=[Dep("day", as_="whole")])
def month(whole: dict[str, int]) -> int:
    return sum(whole.values())

@asset
def report(month: dict[str, int]) -> str:
    note("report")
    return ", ".join(f"{key}={value}" for key, value in sorted(month.items()))

nightly = Job("nightly", select="*", schedule=Cron("0 6 * * *", timezone="Europe/Berlin"))
"""


@pytest.fixture
def project(compile_project):
    return compile_project(CALENDAR)


def test_days_then_the_month_that_they_complete_then_the_report(project):
    states = [project.run("nightly", daily=date(2024, 2, day)) for day in (27, 28)]
    assert [state.message for state in states] == ["4 Completed", "1 Cached, 3 Completed"]
    assert project.value("trend", "2024-02-28") == 127 + 128
    assert project.value("running", "2024-02-28") == 127 + 128
    assert project.record("month", "2024-02") is None

    last = project.run("nightly", daily="2024-02-29")
    assert last.message == "1 Cached, 5 Completed"
    assert project.value("month", "2024-02") == 127 + 128 + 129
    assert project.value("report") == "2024-02=384"
    assert project.notes() == ["reference", "report"]


def test_a_month_can_be_asked_for_by_itself(project):
    for day in (27, 28, 29):
        project.run("nightly", daily=date(2024, 2, day))
    assert project.run("nightly", monthly="2024-02").message == "3 Cached"


def test_without_a_key_the_flow_says_which_parameter_it_needs(project):
    state = project.run("nightly")
    assert state.is_failed()
    assert "give the parameter daily or monthly" in state.message
    assert project.notes() == []


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"daily": "2024-06-01"}, "outside the partitions"),
        ({"daily": "yesterday"}, "daily"),
        ({"monthly": "2024-2"}, "monthly"),
    ],
)
def test_a_key_that_there_is_not_fails_the_flow(project, parameters, reason):
    state = project.run("nightly", **parameters)
    assert state.is_failed()
    assert reason in state.message
    assert project.notes() == []


def test_a_missing_input_is_named(project):
    state = project.run("nightly", daily="2024-02-29")
    assert state.is_failed()
    assert "day, partition 2024-02-28, is not materialized" in state.message
    assert "not run: report" in state.message
