"""A job's steps split by partition definition."""

from flowstone import DailyPartitions, HourlyPartitions, MonthlyPartitions, StaticPartitions
from flowstone.ir.asset import Asset, Step, Storage
from flowstone.ir.function import Dependency, FunctionRef, Signature
from flowstone.ir.job import Job
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.targets.groups import groups

HERE = Location(file="a.py", line=1, column=1, end_line=1, end_column=2)
DAYS, MONTHS = DailyPartitions("2013-01-01"), MonthlyPartitions("2013-01")
REGIONS = StaticPartitions("eu", "us")


def grouped(*rows, job=None):
    """Groups of a job over steps given as (name, partitions, needs)."""
    steps, assets = {}, {}
    for name, partitions, needs in rows:
        dependencies = tuple(Dependency(asset=need, parameter=need, location=HERE) for need in needs.split())
        steps[name] = Step(
            id=name,
            function=FunctionRef(module="a", defined_in="a", name=name, key=name),
            signature=Signature(dependencies=dependencies),
            outputs={name: name},
            partitions=partitions,
            code="sha256:0",
            location=HERE,
        )
        assets[name] = Asset(id=name, name=name, step=name, storage=Storage(manager="m"), location=HERE)
    project = Project(name="p", steps=steps, assets=assets)
    chosen = tuple(job or steps)
    return [(group.label, " ".join(group.steps)) for group in groups(project, Job(name="j", select="*", steps=chosen))]


def test_reference_daily_monthly_and_report():
    assert grouped(
        ("airports", None, ""),
        ("raw", DAYS, ""),
        ("delays", DAYS, "raw airports"),
        ("rollup", MONTHS, "delays"),
        ("report", None, "rollup delays"),
    ) == [("", "airports"), ("daily", "raw delays"), ("monthly", "rollup"), ("summary", "report")]


def test_one_definition_is_one_group():
    assert grouped(("a", DAYS, ""), ("b", DAYS, "a")) == [("daily", "a b")]


def test_a_definition_is_split_only_where_the_groups_would_form_a_cycle():
    assert grouped(("a", DAYS, ""), ("m", MONTHS, "a"), ("b", DAYS, "a m")) == [
        ("daily", "a"),
        ("monthly", "m"),
        ("daily_2", "b"),
    ]


def test_what_others_need_does_not_wait_for_what_they_do_not_need():
    assert grouped(
        ("region", REGIONS, ""),
        ("all_regions", None, "region"),
        ("ref", None, ""),
        ("uses_ref", DAYS, "ref"),
        ("all_days", None, "uses_ref"),
    ) == [("static", "region"), ("", "ref"), ("daily", "uses_ref"), ("summary", "all_regions all_days")]


def test_partitioned_steps_do_not_wait_for_keys_that_nothing_behind_them_needs():
    hours = HourlyPartitions("2013-01-01")
    assert grouped(
        ("hour", hours, ""),
        ("by_day", DAYS, "hour"),
        ("day", DAYS, ""),
        ("next", DAYS, "day"),
        ("month", MONTHS, "next"),
    ) == [("hourly", "hour"), ("daily", "day next"), ("daily_2", "by_day"), ("monthly", "month")]


def test_what_needs_both_keeps_them_together():
    hours = HourlyPartitions("2013-01-01")
    assert grouped(
        ("hour", hours, ""), ("by_day", DAYS, "hour"), ("day", DAYS, ""), ("month", MONTHS, "day by_day")
    ) == [("hourly", "hour"), ("daily", "by_day day"), ("monthly", "month")]


def test_what_nothing_reads_stays_where_it_is():
    assert grouped(("raw", DAYS, ""), ("report", None, "raw"), ("note", None, "")) == [
        ("daily", "raw"),
        ("", "report note"),
    ]


def test_what_other_jobs_make_is_taken_as_given():
    assert grouped(("a", None, ""), ("b", DAYS, "a"), job=["b"]) == [("daily", "b")]
