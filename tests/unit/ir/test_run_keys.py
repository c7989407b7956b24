"""Which partitions a run makes."""

import pytest

from flowstone import DailyPartitions, MonthlyPartitions, StaticPartitions, WeeklyPartitions
from flowstone.dsl.partitions import PartitionKeyError
from flowstone.ir.asset import Step
from flowstone.ir.function import FunctionRef, Signature
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.ir.run_keys import assign_keys

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


def test_without_a_key_time_partitions_get_none():
    assert keys(steps=["day"]) == {"day": ""}


@pytest.mark.parametrize(
    ("given", "steps", "reason"),
    [
        ("2012-01-01", ["day"], "outside the partitions"),
        ("asia", ["region"], "'asia' is not one of"),
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
