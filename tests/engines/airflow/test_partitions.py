"""Partitioned DAGs: keys, and what events between DAGs start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

CALENDAR = """
days = DailyPartitions("2024-01-01", "2024-04-01", timezone="{zone}")
months = MonthlyPartitions("2024-01-01", timezone="{zone}")

@asset
def factor() -> int:
    return 2

@asset(partitioned_by=days)
def raw(ctx: Context) -> int:
    return ctx.partition.date.day

@asset(partitioned_by=days)
def scaled(raw: int, factor: int) -> int:
    return raw * factor

@asset(partitioned_by=months)
def monthly(scaled: dict[str, int]) -> int:
    note("monthly")
    return sum(scaled.values())

@asset
def report(monthly: dict[str, int]) -> str:
    return str(monthly)

nightly = Job("nightly", select="*", schedule=Cron("0 6 * * *", timezone="{zone}"))
"""
FEBRUARY = [f"2024-02-{day:02}" for day in range(1, 30)]


def test_days_make_a_month_and_months_a_report(compile_project):
    project = compile_project(CALENDAR.format(zone="America/New_York"))
    project.run("nightly")
    project.run("nightly", "daily", *FEBRUARY)
    assert set(project.states("nightly", "daily").values()) == {"success"}
    assert project.world.runs(project.id("nightly", "monthly")) == [("2024-02", "success")]
    assert project.notes() == ["monthly"]
    assert project.value("report") == str({"2024-02": 2 * sum(range(1, 30))})


def test_an_incomplete_month_starts_nothing(compile_project):
    project = compile_project(CALENDAR.format(zone="UTC"))
    project.run("nightly")
    project.run("nightly", "daily", *FEBRUARY[-3:])
    assert project.world.runs(project.id("nightly", "monthly")) == []


def test_what_gathers_is_made_again_with_each_partition_and_waits_for_what_is_not_there(compile_project):
    project = compile_project(
        """
        days = DailyPartitions("2024-01-01")

        @asset(partitioned_by=days)
        def raw(ctx: Context) -> int:
            return ctx.partition.date.day

        @asset(partitioned_by=MonthlyPartitions("2024-01-01"))
        def monthly(raw: dict[str, int]) -> int:
            return len(raw)

        @asset
        def total(raw: dict[str, int]) -> int:
            return sum(raw.values())

        @asset(timeout="1m")
        def report(monthly: dict[str, int], total: int) -> str:
            return f"{monthly} {total}"

        job = Job("job", select="*")
        """
    )
    project.run("job", "daily", "2024-01-05")
    project.run("job", "daily", "2024-01-06")
    assert project.value("total") == 11
    assert project.states("job") == {("total", "all"): "success", ("report", "all"): "skipped"}


@pytest.mark.parametrize("key", [None, "2024-2-1", "2023-12-31", "2024-04-01"])
def test_a_key_that_is_none_is_refused(compile_project, key):
    project = compile_project(CALENDAR.format(zone="UTC"))
    project.run("nightly")
    project.run("nightly", "daily", key)
    assert project.states("nightly", "daily")["raw", key] == "failed"
    assert "partition" in project.world.errors[0]


def test_runs_that_read_their_own_past_come_one_after_another(compile_project):
    project = compile_project(
        """
        days = DailyPartitions("2024-01-01")

        @asset(partitioned_by=days, depends_on=[Dep("balance", as_="before", partitions=Offset(-1))])
        def balance(ctx: Context, before: int | None) -> int:
            return (before or 0) + ctx.partition.date.day

        @asset(partitioned_by=days, depends_on=[Dep("balance", as_="week", partitions=Last(days=3))])
        def trend(week: dict[str, int]) -> list[int]:
            return list(week.values())

        job = Job("job", select="*")
        """
    )
    project.run("job", "daily", "2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04")
    assert project.value("balance", "2024-01-04") == 10
    assert project.value("trend", "2024-01-04") == [3, 6, 10]
    assert project.value("trend", "2024-01-01") == [1]


def test_static_keys(compile_project):
    project = compile_project(
        """
        regions = StaticPartitions("eu", "us west")

        @asset(partitioned_by=regions)
        def sales(ctx: Context) -> str:
            return ctx.partition.key

        @asset
        def world(sales: dict[str, str]) -> list[str]:
            note("world")
            return sorted(sales)

        @asset(depends_on=[Dep("sales", as_="home", partitions=Only("eu"))])
        def europe(home: str) -> str:
            return home

        job = Job("job", select="*")
        """
    )
    project.run("job", "static", "eu")
    assert project.notes() == []
    project.run("job", "static", "us~20west")
    assert project.value("world") == ["eu", "us west"]
    assert project.value("europe") == "eu"
    project.run("job", "static", "asia")
    assert project.states("job", "static")["sales", "asia"] == "failed"


def test_days_make_a_week(compile_project):
    project = compile_project(
        """
        @asset(partitioned_by=DailyPartitions("2024-01-01"))
        def day(ctx: Context) -> int:
            return ctx.partition.date.day

        @asset(partitioned_by=WeeklyPartitions("2024-01-01"))
        def week(day: dict[str, int]) -> list[int]:
            return list(day.values())

        job = Job("job", select="*")
        """
    )
    project.run("job", "daily", *[f"2024-01-{day:02}" for day in range(8, 15)])
    assert project.world.runs(project.id("job", "weekly")) == [("2024-01-08", "success")]
    assert project.value("week", "2024-01-08") == [8, 9, 10, 11, 12, 13, 14]


def test_hours_make_a_day(compile_project):
    project = compile_project(
        """
        hours = HourlyPartitions("2024-01-01")
        days = DailyPartitions("2024-01-01")

        @asset(partitioned_by=hours)
        def hour(ctx: Context) -> int:
            return ctx.partition.start.hour

        @asset(partitioned_by=days)
        def day(hour: dict[str, int]) -> int:
            return len(hour)

        job = Job("job", select="*")
        """
    )
    project.run("job", "hourly", *[f"2024-01-02T{hour:02}" for hour in range(24)])
    assert project.world.runs(project.id("job", "daily")) == [("2024-01-02", "success")]
    assert project.value("day", "2024-01-02") == 24


def test_a_job_with_fewer_partitions_skips_what_lies_outside(compile_project):
    project = compile_project(
        """
        @asset(partitioned_by=DailyPartitions("2024-01-01"))
        def raw(ctx: Context) -> int:
            return ctx.partition.date.day

        @asset(partitioned_by=DailyPartitions("2024-02-01"))
        def late(raw: int) -> int:
            return raw

        job = Job("job", select="*")
        """
    )
    project.run("job", "daily", "2024-01-31", "2024-02-01")
    states = {(task.task, task.partition): task.state for task in project.world.tasks() if task.task == "late"}
    assert states == {("late", "2024-01-31"): "skipped", ("late", "2024-02-01"): "success"}


def test_a_job_of_another_definition_follows_the_keys_of_what_it_reads(compile_project):
    project = compile_project(
        """
        days = DailyPartitions("2024-01-01")

        @asset(partitioned_by=days)
        def raw(ctx: Context) -> int:
            return 1

        @asset(partitioned_by=days)
        def clean(raw: int) -> int:
            return raw

        first = Job("first", select="raw")
        second = Job("second", select="clean")
        """
    )
    project.run("first", "daily", "2024-01-05")
    assert project.states("second", "daily") == {("clean", "2024-01-05"): "success"}


def test_the_clock_makes_the_period_that_has_just_ended(compile_project):
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.timetables.base import TimeRestriction
    from airflow.utils.session import create_session
    from pendulum import datetime as at

    project = compile_project(CALENDAR.format(zone="America/New_York"))
    with create_session() as session:
        dag = SerializedDagModel.get(project.id("nightly", "daily"), session=session).dag
    restriction = TimeRestriction(earliest=dag.start_date, latest=dag.end_date, catchup=True)
    info, ticks = None, []
    while (info := dag.timetable.next_dagrun_info_v2(last_dagrun_info=info, restriction=restriction)) is not None:
        ticks.append((info.run_after, info.partition_key))
    assert ticks[0] == (at(2024, 1, 2, 6, tz="America/New_York"), "2024-01-01")
    assert ticks[-1] == (at(2024, 4, 1, 6, tz="America/New_York"), "2024-03-31")
    assert len(ticks) == 31 + 29 + 31


def test_a_run_by_the_clock_waits_for_what_has_no_partitions(compile_project, monkeypatch):
    monkeypatch.setattr("flowstone.runtime.airflow.POKE_INTERVAL", 1.0)
    project = compile_project(
        """
        @asset
        def places() -> list[str]:
            note("places")
            return ["EWR"]

        @asset(partitioned_by=DailyPartitions("2024-01-01"))
        def raw(ctx: Context, places: list[str]) -> str:
            note("raw")
            return ctx.partition.key

        nightly = Job("nightly", select="*", schedule=Cron("0 0 * * *", timezone="UTC"))
        """,
        by_the_clock=True,
    )
    project.world.run(timeout=120)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    assert project.states("nightly", "daily") == {
        ("await-upstream", yesterday): "success",
        ("raw", yesterday): "success",
    }
    assert project.notes() == ["places", "raw"]
    assert project.value("raw", yesterday) == yesterday
