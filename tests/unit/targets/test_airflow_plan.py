"""Which DAGs there are, and what starts them."""

from __future__ import annotations

import pytest

from flowstone import (
    AllPartitions,
    Cron,
    DailyPartitions,
    DynamicPartitions,
    HourlyPartitions,
    Last,
    MonthlyPartitions,
    MultiPartitions,
    Offset,
    Only,
    OnUpdate,
    StaticPartitions,
    WeeklyPartitions,
)
from flowstone.targets.airflow_dags import Clock, Events
from flowstone.targets.airflow_plan import plan
from flowstone.targets.literals import py

HOURS, DAYS = HourlyPartitions("2024-01-01"), DailyPartitions("2024-01-01")
WEEKS, MONTHS = WeeklyPartitions("2024-01-01"), MonthlyPartitions("2024-01-01")
CUSTOMERS = DynamicPartitions("customers")
REGIONS = StaticPartitions("eu", "us west")
NIGHTLY = Cron("0 6 * * *", timezone="UTC")


def started(project):
    """What starts each DAG, as text."""
    made = plan(project)
    assert made.refused == ()
    return {dag.id: _text(dag.trigger) for dag in made.dags}


def _text(trigger):
    if trigger is None:
        return "hand"
    if isinstance(trigger, Clock):
        return "clock"
    assert isinstance(trigger, Events)
    mappers = {asset: py(mapper).split("(")[0] for asset, mapper in trigger.mappers.items()}
    return mappers if trigger.keyed else list(mappers)


def test_each_definition_has_a_dag_and_events_tie_them(build):
    build.asset("airports")
    build.asset("raw", partitions=DAYS)
    build.asset("delays", "raw", "airports", partitions=DAYS)
    build.asset("rollup", "delays", partitions=MONTHS)
    build.asset("report", "rollup", "airports")
    build.job("nightly", schedule=NIGHTLY)
    assert started(build.project()) == {
        "shop__nightly": "clock",
        "shop__nightly__daily": "clock",
        "shop__nightly__monthly": {"delays": "RollupMapper"},
        "shop__nightly__summary": {"rollup": "FixedKeyMapper"},
    }


def test_partitioned_runs_by_the_clock_wait_for_what_has_no_partitions(build):
    build.asset("airports")
    build.asset("maybe")
    build.asset("raw", "airports", ("maybe", {"optional": True}), partitions=DAYS)
    build.asset("rollup", "raw", "airports", partitions=MONTHS)
    build.job("nightly", schedule=NIGHTLY)
    awaits = {dag.id: dag.awaits for dag in plan(build.project()).dags}
    assert awaits == {
        "shop__nightly": (),
        "shop__nightly__daily": ("airports",),
        "shop__nightly__monthly": (),
    }


def test_a_reference_table_does_not_wait_for_keys_that_it_does_not_need(build):
    build.asset("region", partitions=REGIONS)
    build.asset("all_regions", "region")
    build.asset("ref")
    build.asset("uses_ref", "ref", partitions=DAYS)
    build.asset("all_days", "uses_ref")
    build.job("job")
    assert started(build.project()) == {
        "shop__job__static": "hand",
        "shop__job": "hand",
        "shop__job__daily": "hand",
        "shop__job__summary": {"region": "RollupMapper", "uses_ref": "FixedKeyMapper"},
    }


def test_without_a_schedule_runs_are_started_by_hand(build):
    build.asset("airports")
    build.asset("raw", "airports", partitions=DAYS)
    build.job("job")
    assert started(build.project()) == {"shop__job": "hand", "shop__job__daily": "hand"}


@pytest.mark.parametrize(
    ("producer", "consumer", "mapping", "expected"),
    [
        (DAYS, DAYS, None, "None"),
        (DAYS, DAYS, Offset(-1), "None"),
        (DAYS, DailyPartitions("2024-02-01"), None, "None"),
        (DAYS, WEEKS, None, "RollupMapper"),
        (DAYS, MONTHS, None, "RollupMapper"),
        (HOURS, DAYS, None, "RollupMapper"),
        (HOURS, DAYS, Last(hours=30), "RollupMapper"),
        (REGIONS, StaticPartitions("eu"), None, "AllowedKeyMapper"),
        (DAYS, None, None, "FixedKeyMapper"),
        (REGIONS, None, None, "RollupMapper"),
        (DAYS, None, Only("2024-01-01"), "RollupMapper"),
    ],
)
def test_keys_of_other_jobs_are_mapped(build, producer, consumer, mapping, expected):
    build.asset("made", partitions=producer)
    build.asset("reads", ("made", {"mapping": mapping}), partitions=consumer)
    build.job("first", "made")
    build.job("second", "reads")
    label = "" if consumer is None else f"__{consumer.kind}"
    assert started(build.project())[f"shop__second{label}"] == {"made": expected}


@pytest.mark.parametrize(
    ("producer", "consumer", "mapping"),
    [
        (None, DAYS, None),
        (DAYS, DAYS, AllPartitions()),
        (DAYS, DAYS, Offset(1)),
        (REGIONS, DAYS, Only("eu")),
        (DAYS, REGIONS, Only("2024-01-01")),
    ],
)
def test_what_has_no_key_in_common_starts_nothing(build, producer, consumer, mapping):
    build.asset("made", partitions=producer)
    build.asset("reads", ("made", {"mapping": mapping}), partitions=consumer)
    build.job("first", "made")
    build.job("second", "reads")
    assert started(build.project())[f"shop__second__{consumer.kind}"] == "hand"


def test_a_job_with_a_schedule_does_not_wait_for_other_jobs(build):
    build.asset("made")
    build.asset("reads", "made")
    build.job("first", "made")
    build.job("second", "reads", schedule=NIGHTLY)
    assert started(build.project()) == {"shop__first": "hand", "shop__second": "clock"}


def test_a_job_without_one_follows_them(build):
    build.asset("one")
    build.asset("two")
    build.asset("reads", "one", "two")
    build.job("first", "one", "two")
    build.job("second", "reads")
    assert started(build.project())["shop__second"] == ["one", "two"]


def test_what_gathers_partitions_hands_its_key_on(build):
    build.asset("raw", partitions=DAYS)
    build.asset("report", "raw")
    build.asset("mail", "report")
    build.job("first", "raw", "report")
    build.job("second", "mail")
    assert started(build.project())["shop__second"] == {"report": "None"}


def test_optional_inputs_start_runs_only_if_there_is_nothing_else(build):
    build.asset("one")
    build.asset("two")
    build.asset("both", "one", ("two", {"optional": True}))
    build.asset("maybe", ("two", {"optional": True}))
    build.job("first", "one", "two")
    build.job("second", "both")
    build.job("third", "maybe")
    found = started(build.project())
    assert found["shop__second"] == ["one"]
    assert found["shop__third"] == ["two"]


def test_jobs_that_read_each_other_are_planned(build):
    build.asset("a")
    build.asset("b", "a")
    build.asset("c", "b")
    build.job("first", "a", "c")
    build.job("second", "b")
    assert started(build.project()) == {"shop__first": ["b"], "shop__second": ["a"]}


@pytest.mark.parametrize(
    ("producer", "consumer", "reason"),
    [
        (HOURS, MONTHS, "hours into days only"),
        (
            HourlyPartitions("2024-01-01", timezone="Europe/Berlin"),
            DailyPartitions("2024-01-01", timezone="Europe/Berlin"),
            "24 hours",
        ),
    ],
)
def test_what_airflow_cannot_map_is_refused(build, producer, consumer, reason):
    build.asset("made", partitions=producer)
    build.asset("reads", "made", partitions=consumer)
    build.job("job")
    (found,) = plan(build.project()).refused
    assert found.dependency.asset == "made"
    assert reason in found.reason


REGION = StaticPartitions("eu", "us")
CELLS = MultiPartitions(day=DAYS, region=REGION)


def told(project):
    """What starts the DAGs that tell keys, as text."""
    return {dag.keys.id: _text(dag.keys.trigger) for dag in plan(project).dags if dag.keys is not None}


def test_a_clock_tells_the_keys_of_partitions_of_many_dimensions(build):
    build.asset("sales", partitions=CELLS)
    build.job("nightly", schedule=NIGHTLY)
    assert started(build.project()) == {"shop__nightly__multi": {"nightly/multi/keys": "None"}}
    assert told(build.project()) == {"shop__nightly__multi__keys": "clock"}


def test_what_is_read_by_the_dimension_with_periods_tells_keys(build):
    build.asset("prices", partitions=HOURS)
    build.asset("rates", "prices", partitions=DAYS)
    build.asset("shops", partitions=REGION)
    build.asset("sales", "rates", "shops", partitions=CELLS)
    build.job("nightly", schedule=Cron("0 * * * *", timezone="UTC"))
    assert told(build.project()) == {"shop__nightly__multi__keys": {"rates": "None"}}


def test_what_reads_one_dimension_is_started_once_that_is_complete(build):
    build.asset("sales", partitions=CELLS)
    build.asset("by_day", "sales", partitions=DAYS)
    build.asset("by_month", "sales", partitions=MONTHS)
    build.asset("by_region", "sales", partitions=REGION)
    build.asset("report", "sales")
    build.job("hand")
    assert started(build.project()) == {
        "shop__hand__multi": "hand",
        "shop__hand": {"sales": "FixedKeyMapper"},
        "shop__hand__daily": {"sales/day": "None"},
        "shop__hand__monthly": {"sales/day": "RollupMapper"},
        "shop__hand__static": {"sales/region": "None"},
    }
    assert plan(build.project()).by_dimension == {"sales": ("day", "region")}


def test_equal_partitions_of_another_job_start_runs_directly(build):
    build.asset("sales", partitions=CELLS)
    build.asset("clean", "sales", partitions=CELLS)
    build.job("loading", "sales")
    build.job("cleaning", "clean")
    assert started(build.project()) == {"shop__loading__multi": "hand", "shop__cleaning__multi": {"sales": "None"}}


def test_two_dimensions_with_periods_are_started_by_hand(build):
    twins = MultiPartitions(booked=DAYS, flown=DailyPartitions("2024-02-01"))
    build.asset("rates", partitions=DAYS)
    build.asset("tickets", "rates", partitions=twins)
    build.job("hand")
    assert started(build.project()) == {"shop__hand__daily": "hand", "shop__hand__multi": "hand"}


def test_a_job_follows_assets_that_it_reads_or_does_not_read(build):
    build.asset("orders")
    build.asset("refunds")
    build.asset("report", "orders")
    build.job("load", "orders", "refunds", schedule=NIGHTLY)
    build.job("publish", "report", schedule=OnUpdate("refunds", "orders"))
    assert started(build.project())["shop__publish"] == ["refunds", "orders"]


def test_a_partitioned_job_follows_by_key(build):
    build.asset("raw", partitions=DAYS)
    build.asset("more", partitions=DAYS)
    build.asset("week", "raw", partitions=WEEKS)
    build.asset("notice")
    build.job("load", "raw", "more", schedule=NIGHTLY)
    build.job("weekly", "week", schedule=OnUpdate("more"))
    build.job("tell", "notice", schedule=OnUpdate("raw", "more", when="any"))
    project = build.project()
    found = started(project)
    assert found["shop__weekly__weekly"] == {"more": "RollupMapper"}
    assert found["shop__tell"] == {"raw": "FixedKeyMapper", "more": "FixedKeyMapper"}
    assert [dag.trigger.when for dag in plan(project).dags if isinstance(dag.trigger, Events)] == ["all", "any"]


def test_what_follows_by_key_and_without_is_refused(build):
    build.asset("raw", partitions=DAYS)
    build.asset("places")
    build.asset("report")
    build.job("load", "raw", "places", schedule=NIGHTLY)
    build.job("publish", "report", schedule=OnUpdate("raw", "places"))
    (refused,) = plan(build.project()).refused
    assert refused.dependency.asset == "places"
    assert "together with the others'" in refused.reason


def test_what_follows_does_not_read_what_its_job_makes_without_partitions(build):
    build.asset("raw", partitions=DAYS)
    build.asset("places")
    build.asset("clean", "raw", "places", partitions=DAYS)
    build.job("load", "raw", schedule=NIGHTLY)
    build.job("cleaning", "places", "clean", schedule=OnUpdate("raw"))
    (refused,) = plan(build.project()).refused
    assert refused.dependency.asset == "places"
    assert "does not wait for it" in refused.reason


@pytest.mark.parametrize("partitions", [CUSTOMERS, MultiPartitions(customer=CUSTOMERS, region=REGIONS)])
def test_a_clock_tells_all_keys_of_registries(build, partitions):
    build.asset("signed")
    build.asset("orders", "signed", partitions=partitions)
    build.job("nightly", schedule=NIGHTLY)
    kind = partitions.kind
    assert started(build.project()) == {
        "shop__nightly": "clock",
        f"shop__nightly__{kind}": {f"nightly/{kind}/keys": "None"},
    }
    assert told(build.project()) == {f"shop__nightly__{kind}__keys": "clock"}
    assert plan(build.project()).dags[1].awaits == ("signed",)


def test_what_has_no_partitions_tells_all_keys_where_no_clock_does(build):
    build.asset("signed")
    build.asset("orders", "signed", partitions=CUSTOMERS)
    build.asset("report", "orders")
    build.job("own", "signed")
    build.job("other", "orders", "report")
    assert told(build.project()) == {"shop__other__dynamic__keys": ["signed"]}
    build.job("updated", "orders", schedule=OnUpdate("signed", "own_too"))
    build.asset("own_too")
    assert told(build.project())["shop__updated__dynamic__keys"] == ["signed", "own_too"]


def test_keys_of_the_same_registry_start_their_own(build):
    build.asset("orders", partitions=CUSTOMERS)
    build.asset("signed")
    build.asset("bill", "orders", "signed", partitions=CUSTOMERS)
    build.asset("report", "bill")
    build.job("ordering", "orders")
    build.job("billing", "bill", "report")
    assert started(build.project()) == {
        "shop__ordering__dynamic": "hand",
        "shop__billing__dynamic": {"orders": "None"},
        "shop__billing": {"bill": "FixedKeyMapper"},
    }
    assert told(build.project()) == {}
