"""Which partitions a run makes."""

from datetime import UTC, datetime

import pytest

from flowstone import DailyPartitions, MonthlyPartitions, MultiPartitions, StaticPartitions, WeeklyPartitions
from flowstone.dsl.partitions import PartitionKeyError
from flowstone.ir.asset import Asset, Step, Storage
from flowstone.ir.function import Dependency, FunctionRef, Signature
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.ir.run_keys import all_keys, assign_keys, closed_keys, fill_keys

HERE = Location(file="a.py", line=1, column=1, end_line=1, end_column=2)


def step(name, partitions):
    return Step(
        id=name,
        function=FunctionRef(module="a", defined_in="a", name=name, key=name),
        signature=Signature(),
        outputs={name: name},
        partitions=partitions,
        code="sha256:0",
        location=HERE,
    )


def graph(*parts):
    """A project of steps, each with its partitions and the name of the one that it reads."""
    steps = {}
    for name, partitions, need in parts:
        needs = (Dependency(asset=need, location=HERE),) if need else ()
        steps[name] = step(name, partitions).model_copy(update={"signature": Signature(dependencies=needs)})
    assets = {
        name: Asset(
            id=name, name=name, step=name, partitions=item.partitions, storage=Storage(manager="m"), location=HERE
        )
        for name, item in steps.items()
    }
    return Project(name="p", steps=steps, assets=assets)


STEPS = [
    step("reference", None),
    step("day", DailyPartitions("2013-01-01", "2014-01-01")),
    step("week", WeeklyPartitions("2013-01-01", "2014-01-01")),
    step("month", MonthlyPartitions("2013-01", "2014-01")),
    step("region", StaticPartitions("eu", "us")),
]
PROJECT = Project(name="p", steps={item.id: item for item in STEPS})


def keys(*given, steps=("reference", "day", "week", "month", "region")):
    assigned = assign_keys(PROJECT, steps, given)
    return {name: " ".join(str(key) for key in found) for name, found in assigned.items()}


def test_a_key_goes_to_every_definition_that_has_it():
    assert keys("2013-01-07", steps=["day", "week"]) == {"day": "2013-01-07", "week": "2013-01-07"}


def test_the_last_day_of_a_month_makes_the_month_too():
    assert keys("2013-01-31", steps=["day", "month"]) == {"day": "2013-01-31", "month": "2013-01"}
    assert keys("2013-01-30", steps=["day", "month"]) == {"day": "2013-01-30", "month": ""}


def test_a_range_of_days_makes_the_weeks_and_months_that_it_ends():
    found = keys("2013-01-28..2013-02-10")
    assert found["week"] == "2013-01-28 2013-02-04"
    assert found["month"] == "2013-01"
    assert len(found["day"].split()) == 14


def test_keys_given_for_the_coarser_one_are_taken_as_they_are():
    assert keys("2013-01-31", "2013-05", steps=["day", "month"])["month"] == "2013-05"


def test_static_partitions_are_all_made_unless_one_is_asked_for():
    assert keys(steps=["reference", "region"]) == {"reference": "None", "region": "eu us"}
    assert keys("us", steps=["region"]) == {"region": "us"}


def test_an_unpartitioned_step_waits_for_the_keys_of_what_it_reads():
    months = MonthlyPartitions("2013-01", "2014-01")
    project = graph(("day", DailyPartitions("2013-01-01"), ""), ("month", months, ""), ("report", None, "month"))
    assert assign_keys(project, list(project.steps), ["2013-01-30"])["report"] == ()
    assert assign_keys(project, list(project.steps), ["2013-01-31"])["report"] == (None,)


def test_a_run_by_the_clock_makes_the_last_period_that_is_over():
    days = DailyPartitions("2013-01-01", timezone="America/New_York")
    months = MonthlyPartitions("2013-01", timezone="America/New_York")
    regions = StaticPartitions("eu", "us")
    project = graph(("day", days, ""), ("month", months, ""), ("region", regions, ""))
    early = closed_keys(project, list(project.steps), datetime(2013, 2, 1, 4, 59, tzinfo=UTC))
    later = closed_keys(project, list(project.steps), datetime(2013, 2, 1, 5, 0, tzinfo=UTC))
    assert [key.text for key in early[days]] == ["2013-01-30"]
    assert [key.text for key in later[days]] == ["2013-01-31"]
    assert set(later) == {days}
    filled = fill_keys(project, list(project.steps), later)
    assert {step: [str(key) for key in found] for step, found in filled.items()} == {
        "day": ["2013-01-31"],
        "month": ["2013-01"],
        "region": ["eu", "us"],
    }


def test_a_run_by_the_clock_finds_months_for_themselves_beside_weeks():
    weeks, months = WeeklyPartitions("2013-01-01"), MonthlyPartitions("2013-01")
    project = graph(("week", weeks, ""), ("month", months, ""))
    found = closed_keys(project, list(project.steps), datetime(2013, 3, 15, tzinfo=UTC))
    assert [key.text for key in found[weeks]] == ["2013-03-04"]
    assert [key.text for key in found[months]] == ["2013-02"]


def test_a_run_by_the_clock_outside_the_window_gets_no_key():
    days = DailyPartitions("2013-01-01", "2014-01-01")
    project = graph(("day", days, ""))
    assert closed_keys(project, ["day"], datetime(2026, 1, 1, tzinfo=UTC)) == {days: ()}


def test_without_a_key_time_partitions_get_none():
    assert keys(steps=["day"]) == {"day": ""}


@pytest.mark.parametrize(
    ("given", "steps", "reason"),
    [
        ("2012-01-01", ["day"], "outside the partitions"),
        ("asia", ["region"], "'asia' is not one of"),
        ("u", ["region"], "did you mean '[a-z]+'"),
        ("eu..us", ["region"], "static keys have none: give each by --partition"),
        ("2013-01-01", ["reference"], "nothing selected is partitioned"),
        ("tomorrow", ["day", "month"], "not a daily key.*not a monthly key"),
    ],
)
def test_a_text_that_is_no_key_is_refused(given, steps, reason):
    with pytest.raises(PartitionKeyError, match=reason):
        keys(given, steps=steps)


def test_a_reversed_range_is_refused():
    with pytest.raises(ValueError, match="comes after"):
        keys("2013-01-05..2013-01-01", steps=["day"])


DAYS, REGIONS = DailyPartitions("2013-01-01", "2014-01-01"), StaticPartitions("eu", "us")
CELLS = MultiPartitions(day=DAYS, region=REGIONS)
MONTHS = MonthlyPartitions("2013-01", "2014-01")
MANY = graph(
    ("day", DAYS, ""),
    ("region", REGIONS, ""),
    ("cell", CELLS, ""),
    ("month", MONTHS, ""),
    ("month_cell", MultiPartitions(month=MONTHS, region=REGIONS), ""),
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["2013-01-05"], {"day": "2013-01-05", "region": "eu us", "cell": "2013-01-05.eu 2013-01-05.us"}),
        (["2013-01-05", "us"], {"day": "2013-01-05", "region": "us", "cell": "2013-01-05.us"}),
        (["2013-01-05.us"], {"day": "2013-01-05", "region": "us", "cell": "2013-01-05.us"}),
        (["day=2013-01-05,region=eu"], {"day": "2013-01-05", "region": "eu", "cell": "2013-01-05.eu"}),
        (
            ["2013-01-05.us", "2013-01-06"],
            {"day": "2013-01-06 2013-01-05", "region": "us", "cell": "2013-01-05.us 2013-01-06.eu 2013-01-06.us"},
        ),
        (
            ["2013-01-31"],
            {
                "day": "2013-01-31",
                "region": "eu us",
                "cell": "2013-01-31.eu 2013-01-31.us",
                "month": "2013-01",
                "month_cell": "2013-01.eu 2013-01.us",
            },
        ),
        (["2013-01-31.eu"], {"day": "2013-01-31", "region": "eu", "cell": "2013-01-31.eu"}),
        (
            ["day=2013-01-31"],
            {
                "day": "2013-01-31",
                "region": "eu us",
                "cell": "2013-01-31.eu 2013-01-31.us",
                "month": "2013-01",
                "month_cell": "2013-01.eu 2013-01.us",
            },
        ),
    ],
)
def test_combinations_of_the_keys_of_the_dimensions(given, expected):
    found = assign_keys(MANY, list(MANY.steps), given)
    assert {step: " ".join(map(str, keys)) for step, keys in found.items() if keys} == expected


def test_a_run_by_the_clock_makes_all_combinations_of_the_last_period():
    closed = closed_keys(MANY, ["cell"], datetime(2013, 1, 6, 5, tzinfo=UTC))
    assert {key: [item.text for item in found] for key, found in closed.items()} == {DAYS: ["2013-01-05"]}
    assert [key.text for key in fill_keys(MANY, ["cell"], closed)["cell"]] == ["2013-01-05.eu", "2013-01-05.us"]


def test_all_combinations_whose_time_has_come():
    found = all_keys(MANY, ["cell"], datetime(2013, 1, 3, tzinfo=UTC))["cell"]
    assert [key.text for key in found] == ["2013-01-01.eu", "2013-01-01.us", "2013-01-02.eu", "2013-01-02.us"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2013-01-05.asia", "region: 'asia' is not one of"),
        ("2013-01-05.eu..2013-01-06.eu", "write day=2013-01-01,region=eu with ranges"),
        ("day=2013-01-05,shop=x", "names no dimension"),
    ],
)
def test_a_text_that_is_no_combination_is_refused(text, reason):
    with pytest.raises(PartitionKeyError, match=reason):
        assign_keys(MANY, ["cell"], [text])
