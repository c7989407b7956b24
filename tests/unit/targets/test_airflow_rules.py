"""What is refused when compiling for Airflow."""

from __future__ import annotations

import pytest

from flowstone import (
    AllPartitions,
    ByDimension,
    Cron,
    DailyPartitions,
    Every,
    HourlyPartitions,
    MonthlyPartitions,
    MultiPartitions,
    Offset,
    Only,
    Retry,
    StaticPartitions,
)
from flowstone.diagnostics.diagnostic import Severity
from flowstone.targets.airflow import AirflowTarget
from flowstone.targets.airflow_rules import MAX_DEPTH


def findings(project):
    return list(AirflowTarget().check(project))


def the_finding(project):
    (found,) = findings(project)
    assert found.severity is Severity.ERROR
    assert found.message.startswith("Airflow: ")
    return found


def test_a_plain_project_is_fine(build):
    build.asset("raw", partitions=DailyPartitions("2024-01-01"), retries=Retry(2), timeout=60.0)
    build.asset("report", "raw", engine_options={"airflow": {"pool": "small", "priority_weight": -1}})
    build.job("nightly", schedule=Cron("0 6 * * *", timezone="UTC"))
    assert findings(build.project()) == []


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        (Cron("0 */6 * * *", timezone="UTC"), "exactly once"),
        (Cron("0 6 * * *", timezone="Europe/Berlin"), "zone"),
        (Every("1d"), "use Cron"),
    ],
)
def test_a_schedule_that_does_not_fit_the_partitions(build, schedule, reason):
    build.asset("raw", partitions=DailyPartitions("2024-01-01"))
    build.job("nightly", schedule=schedule)
    found = the_finding(build.project())
    assert found.code == "FS801"
    assert reason in found.message
    assert found.span.line == 100


def test_a_cron_expression_with_seconds(build):
    build.asset("raw")
    build.job("nightly", schedule=Cron("0 0 6 * * *", timezone="UTC"))
    assert "5 fields" in the_finding(build.project()).message


def test_an_edge_that_airflow_cannot_follow_is_shown_where_it_is_read(build):
    build.asset("hour", partitions=HourlyPartitions("2024-01-01"))
    build.asset("month", "hour", partitions=MonthlyPartitions("2024-01-01"))
    build.job("job")
    found = the_finding(build.project())
    assert found.code == "FS801"
    assert found.span.line == 2


def test_a_key_that_there_is_not(build):
    build.asset("days", partitions=DailyPartitions("2024-01-02"))
    build.asset("reads", ("days", {"mapping": Only("2024-01-01")}))
    build.job("days", "days")
    build.job("reads", "reads")
    assert "2024-01-01 lies outside" in the_finding(build.project()).message


def test_all_partitions_of_what_the_same_job_makes(build):
    days = DailyPartitions("2024-01-01")
    build.asset("made", partitions=days)
    build.asset("reads", ("made", {"mapping": AllPartitions()}), partitions=days)
    build.job("both")
    assert "one partition of reads" in the_finding(build.project()).message
    build.jobs.clear()
    build.job("first", "made")
    build.job("second", "reads")
    assert findings(build.project()) == []


@pytest.mark.parametrize("name", ["my project", "", "a/b", "a'b", "é"])
def test_a_project_name_that_cannot_be_in_an_id(build, name):
    build.asset("a")
    build.job("job")
    assert "project's name" in the_finding(build.project(name)).message


def test_ids_that_are_too_long(build):
    build.asset("a" * 250)
    build.job("j" * 250)
    assert [found.message.rpartition(" cannot be ")[2] for found in findings(build.project())] == [
        "the id of a DAG",
        "the id of a task",
    ]


def test_a_tag_that_is_too_long(build):
    build.asset("a")
    build.job("job", tags={"t" * 101: ""})
    assert "tag" in the_finding(build.project()).message


def test_a_value_in_memory_that_another_task_reads(build):
    build.asset("kept", manager="memory")
    build.asset("reader", "kept")
    build.job("job")
    found = the_finding(build.project())
    assert (found.code, found.span.line) == ("FS312", 2)


def test_a_value_in_memory_that_nobody_reads_is_fine(build):
    build.asset("kept", manager="memory")
    build.job("job")
    assert findings(build.project()) == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"pol": "x"}, "there is no option 'pol'"),
        ({"pool": 3}, "must be a text"),
        ({"pool_slots": 0}, "must be a whole number from 1"),
        ({"pool_slots": True}, "must be a whole number from 1"),
        ({"executor_config": "x"}, "must be a mapping"),
        ({"weight_rule": "fair"}, "'absolute'"),
        ({"retries": 3}, "is not set by airflow="),
        ({"trigger_rule": "all_done"}, "there is no option"),
    ],
)
def test_options_of_operators(build, options, text):
    build.asset("a", engine_options={"airflow": options})
    build.job("job")
    assert text in the_finding(build.project()).message


def test_a_misspelt_option_gets_a_hint(build):
    build.asset("a", engine_options={"airflow": {"pol": "x"}})
    build.job("job")
    assert "did you mean 'pool'" in str(the_finding(build.project()).help)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 5000])
def test_values_that_are_nested_too_deep(build, depth):
    value: dict = {}
    for _ in range(depth):
        value = {"a": value}
    build.asset("a", engine_options={"airflow": {"executor_config": value}})
    build.job("job")
    assert "nested" in the_finding(build.project()).message


def test_two_parameters_of_one_name(build, text_type):
    build.asset("a", config={"b__c": ("x", text_type)})
    build.asset("a__b", config={"c": ("x", text_type)})
    build.job("job")
    assert "a__b__c" in the_finding(build.project()).message


def test_capabilities_say_how():
    assert {capability.how for capability in AirflowTarget.capabilities} == {"native", "runtime", "refused"}
    constructs = [capability.construct for capability in AirflowTarget.capabilities]
    assert len(constructs) == len(set(constructs))


def test_a_later_partition_of_the_same_job_is_refused_where_it_is_read(build):
    days = DailyPartitions("2024-01-01")
    build.asset("day", partitions=days)
    build.asset("eve", ("day", {"mapping": Offset(1)}), partitions=days)
    build.job("job")
    found = the_finding(build.project())
    assert (found.code, found.span.line) == ("FS801", 2)
    assert "each run makes one partition of eve, which reads a later one of day" in found.message


def test_a_later_partition_of_another_job_is_fine_and_so_is_an_earlier_one(build):
    days = DailyPartitions("2024-01-01")
    build.asset("day", partitions=days)
    build.asset("eve", ("day", {"mapping": Offset(1)}), partitions=days)
    build.asset("before", ("day", {"mapping": Offset(-1)}), partitions=days)
    build.job("job", "day", "before")
    build.job("evening", "eve")
    assert findings(build.project()) == []


def branches(build, **keywords):
    build.asset("mode", choices=("full", "part"), **keywords)
    build.asset("full", "mode", routed_from="mode", **keywords)
    build.asset("part", "mode", routed_from="mode", **keywords)


def test_branches_that_are_read_in_their_own_dag_are_fine(build):
    branches(build, partitions=DailyPartitions("2024-01-01"))
    both = [("full", {"optional": True}), ("part", {"optional": True})]
    build.asset("orders", *both, partitions=DailyPartitions("2024-01-01"))
    build.asset("summary", ("full", {"optional": True}))
    build.job("nightly", schedule=Cron("0 6 * * *", timezone="UTC"))
    assert findings(build.project()) == []


@pytest.mark.parametrize(
    "needs",
    [
        [("full", {"optional": True}), ("part", {"optional": True})],
        [("full", {}), ("other", {})],
    ],
)
def test_branches_that_another_dag_would_wait_for_in_vain(build, needs):
    branches(build, partitions=DailyPartitions("2024-01-01"))
    build.asset("other", partitions=DailyPartitions("2024-01-01"))
    build.asset("month", *needs, partitions=MonthlyPartitions("2024-01"))
    build.job("nightly", schedule=Cron("0 6 * * *", timezone="UTC"))
    found = findings(build.project())
    assert found
    assert all("a route may leave it out" in item.message for item in found)
    assert {item.span.line for item in found} == {5}


def test_a_branch_without_partitions_that_a_partitioned_run_would_wait_for(build):
    branches(build)
    build.asset("day", "full", partitions=DailyPartitions("2024-01-01"))
    build.job("nightly", schedule=Cron("0 6 * * *", timezone="UTC"))
    assert "a route may leave it out" in the_finding(build.project()).message


def test_other_combinations_of_the_same_job_are_refused(build):
    cells = MultiPartitions(day=DailyPartitions("2024-01-01"), region=StaticPartitions("eu", "us"))
    build.asset("sales", partitions=cells)
    build.asset("rest", ("sales", {"mapping": ByDimension(region=AllPartitions())}), partitions=cells)
    build.job("job")
    assert "each run makes one partition of rest" in the_finding(build.project()).message


def test_a_limit_is_a_pool_and_there_is_one_only(build):
    build.asset("orders", concurrency="db", engine_options={"airflow": {"pool": "small"}})
    build.job("nightly")
    found = the_finding(build.project(concurrency={"db": 2}))
    assert "the limit 'db' is a pool, and airflow= names another" in found.message


@pytest.mark.parametrize("schedule", [None, Cron("0 6 * * *", timezone="UTC")])
def test_a_join_cannot_be_started_by_a_branch_that_may_fail(build, schedule):
    build.asset("maps")
    build.asset("day", ("maps", {"partial": True}), branches=("maps",), partitions=DailyPartitions("2024-01-01"))
    build.asset("news", partitions=DailyPartitions("2024-01-01"))
    build.asset("month", ("news", {"partial": True}), branches=("news",), partitions=MonthlyPartitions("2024-01"))
    build.job("nightly", schedule=schedule)
    found = findings(build.project())
    assert all("the join would wait for ever" in item.message for item in found)
    assert {item.span.line for item in found} == ({2, 4} if schedule else {4})


def test_a_join_in_the_dag_of_its_branches_is_fine(build):
    build.asset("maps")
    build.asset("edition", ("maps", {"partial": True}), branches=("maps",))
    build.job("nightly", schedule=Cron("0 6 * * *", timezone="UTC"))
    assert findings(build.project()) == []
