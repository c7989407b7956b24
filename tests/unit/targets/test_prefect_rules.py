"""What is refused when compiling for Prefect."""

from __future__ import annotations

import pytest

from flowstone import Cron, DailyPartitions, Every, MonthlyPartitions, MultiPartitions, Offset, OnUpdate, Retry
from flowstone.diagnostics.diagnostic import Severity
from flowstone.ir.types import TypeExpr
from flowstone.targets.prefect import PrefectTarget
from flowstone.targets.prefect_capabilities import CAPABILITIES

DAYS = DailyPartitions("2024-01-01")
INT = TypeExpr(name="int")


def findings(project):
    return list(PrefectTarget().check(project))


def the_finding(project):
    (found,) = findings(project)
    assert found.severity is Severity.ERROR
    assert found.message.startswith("Prefect: ")
    return found


def test_a_plain_project_is_fine(build):
    build.asset("raw", partitions=DAYS, retries=Retry(2), timeout=60.0, config={"size": (3, INT)})
    build.asset("report", "raw", engine_options={"prefect": {"log_prints": True, "tags": ["big"]}})
    build.job("nightly", schedule=Cron("0 6 * * *", timezone="UTC"), tags={"team": "a"})
    build.job("often", schedule=Every("15m"))
    assert findings(build.project()) == []


@pytest.mark.parametrize("expression", ["0 0 6 * * *", "0 6 * *"])
def test_a_cron_expression_has_five_fields(build, expression):
    build.asset("raw")
    build.job("nightly", schedule=Cron(expression, timezone="UTC"))
    found = the_finding(build.project())
    assert found.code == "FS801"
    assert "5 fields" in found.message
    assert found.span.line == 100


@pytest.mark.parametrize("expression", ["@daily", "0 6 * * 1-5", "  0  6 * * *"])
def test_other_cron_expressions_are_fine(build, expression):
    build.asset("raw")
    build.job("nightly", schedule=Cron(expression, timezone="UTC"))
    assert findings(build.project()) == []


@pytest.mark.parametrize("name", ["my shop", "a/b", "50%", "<shop>", "a\nb", "sh'op", ""])
def test_the_name_of_the_project_is_part_of_names_that_prefect_restricts(build, name):
    build.asset("raw")
    build.job("nightly")
    assert "the project's name" in the_finding(build.project(name)).message


def test_an_asset_key_has_a_longest_length(build):
    build.asset("a" * 600)
    build.job("nightly")
    assert "at most 512" in the_finding(build.project()).message


@pytest.mark.parametrize(
    ("options", "message", "help"),
    [
        ({"tag": ["x"]}, "no option 'tag'", "did you mean 'tags'?"),
        ({"wholly_unknown": 1}, "no option 'wholly_unknown'", "there are: log_prints"),
        ({"retries": 3}, "not set by prefect=", "use retries="),
        ({"timeout_seconds": 3}, "not set by prefect=", "use timeout="),
        ({"log_prints": "yes"}, "must be a bool", None),
        ({"tags": "one"}, "must be a list of texts", None),
        ({"task_run_name": "x[{day}]"}, "no other placeholder", None),
        ({"task_run_name": "x{"}, "no other placeholder", None),
        ({"task_run_name": "x[{partition}]"}, "names a partition", None),
    ],
)
def test_an_option_that_prefect_does_not_take(build, options, message, help):
    build.asset("raw", engine_options={"prefect": options})
    build.job("nightly")
    found = the_finding(build.project())
    assert message in found.message
    assert help is None or found.help.startswith(help)


def test_options_are_shown_where_they_are_written(build):
    build.asset("raw", engine_options={"prefect": {"tag": 1}}, spots={"prefect": (77, 3, 77, 20)})
    build.job("nightly")
    assert the_finding(build.project()).span.line == 77


def test_memory_does_not_reach_from_task_to_task(build):
    build.asset("raw", manager="memory")
    build.asset("unread", manager="memory")
    build.asset("report", "raw")
    build.job("nightly")
    found = the_finding(build.project())
    assert found.code == "FS312"
    assert "report reads raw" in found.message
    assert found.span.line == 3


def test_flow_parameters_that_would_have_one_name(build):
    build.asset("a", config={"b__c": (1, INT)})
    build.asset("a__b", config={"c": (1, INT)})
    build.job("nightly")
    assert "would both be the flow parameter a__b__c" in the_finding(build.project()).message


def test_a_flow_parameter_cannot_begin_with_an_underscore(build):
    build.asset("_hidden", config={"size": (1, INT)})
    build.job("nightly")
    assert "begin with an underscore" in the_finding(build.project()).message


def test_a_job_tag_is_no_template(build):
    build.asset("raw")
    build.job("nightly", tags={"{{ prefect.blocks.secret.x }}": ""})
    assert "template" in the_finding(build.project()).message


def test_the_capabilities_name_each_construct_once():
    constructs = [row.construct for row in CAPABILITIES]
    assert len(constructs) == len(set(constructs))
    assert {row.how for row in CAPABILITIES} == {"native", "runtime", "refused"}


def test_a_later_partition_of_the_same_job_is_refused_where_it_is_read(build):
    build.asset("day", partitions=DAYS)
    build.asset("eve", ("day", {"mapping": Offset(1)}), partitions=DAYS)
    build.job("job")
    found = the_finding(build.project())
    assert (found.code, found.span.line) == ("FS801", 2)
    assert "each run makes one partition of eve, which reads a later one of day" in found.message


def test_a_later_partition_of_another_job_is_fine_and_so_is_an_earlier_one(build):
    build.asset("day", partitions=DAYS)
    build.asset("eve", ("day", {"mapping": Offset(1)}), partitions=DAYS)
    build.asset("before", ("day", {"mapping": Offset(-1)}), partitions=DAYS)
    build.job("job", "day", "before")
    build.job("evening", "eve")
    assert findings(build.project()) == []


def test_equal_dimensions_are_refused(build):
    build.asset("tickets", partitions=MultiPartitions(booked=DAYS, flown=DAYS))
    build.job("job")
    assert "two of its dimensions have the same partitions" in the_finding(build.project()).message


def test_all_of_several_assets_are_not_followed_by_partition(build):
    build.asset("raw", partitions=DAYS)
    build.asset("more", partitions=DAYS)
    build.asset("both", partitions=DAYS)
    build.job("load", "raw", "more", schedule=Cron("0 6 * * *", timezone="UTC"))
    build.job("follow", "both", schedule=OnUpdate("raw", "more"))
    assert "does not tell their partitions apart" in the_finding(build.project()).message
    build.job("follow", "both", schedule=OnUpdate("raw", "more", when="any"))
    assert findings(build.project()) == []


def test_an_event_tells_its_own_partition_only(build):
    build.asset("raw", partitions=DAYS)
    build.asset("month", partitions=MonthlyPartitions("2024-01"))
    build.job("load", "raw", schedule=Cron("0 6 * * *", timezone="UTC"))
    build.job("follow", "month", schedule=OnUpdate("raw"))
    found = the_finding(build.project())
    assert "do not tell the monthly partition" in found.message
    assert found.span.line == 101
