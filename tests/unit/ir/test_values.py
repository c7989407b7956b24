"""Values of the language in the IR."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from flowstone import Cron, DailyPartitions, MultiPartitions, OnUpdate, StaticPartitions
from flowstone.ir.asset import Asset
from flowstone.ir.job import Job

USE = """
from flowstone import DailyPartitions
from flowstone.ir.asset import Asset, Storage
from flowstone.ir.node import Location
from flowstone.ir.values import _adapter

place = Location(file="a.py", line=1, column=1, end_line=1, end_column=2)
days = DailyPartitions("2024-01-01")
asset = Asset(id="a", name="a", step="a", partitions=days, storage=Storage(manager="m"), location=place)
assert Asset.model_validate_json(asset.model_dump_json()) == asset
print(_adapter.cache_info().currsize)
"""


def schedule_of(value):
    return Job.model_validate({"name": "nightly", "select": "a", "steps": [], "schedule": value}).schedule


@pytest.mark.parametrize("schedule", [Cron("@daily", timezone="UTC"), OnUpdate("a", "b", when="any")])
def test_a_value_is_read_by_the_class_of_its_kind(schedule):
    job = Job(name="nightly", select="a", steps=(), schedule=schedule)
    assert job.schedule is schedule
    assert Job.model_validate_json(job.model_dump_json()) == job
    assert schedule_of(job.model_dump()["schedule"]) == schedule


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"kind": "lunar"}, "its kind is 'lunar', not one of cron, every, update"),
        ("@daily", "its kind is None, not one of"),
        (StaticPartitions("eu"), "its kind is None, not one of"),
        ({"kind": "cron", "expression": "@daily", "moon": "full"}, "schedule.moon\n  Unexpected keyword argument"),
        ({"kind": "every", "interval": 0}, "an interval must be at least one second"),
    ],
)
def test_what_is_no_value_is_refused(value, reason):
    with pytest.raises(ValidationError) as failure:
        schedule_of(value)
    assert reason in str(failure.value)


def test_values_within_values_are_told_apart():
    cells = MultiPartitions(day=DailyPartitions("2024-01-01"), region=StaticPartitions("eu", "us"))
    written = {"id": "a", "name": "a", "step": "a", "storage": {"manager": "m"}, "partitions": cells}
    place = {"file": "a.py", "line": 1, "column": 1, "end_line": 1, "end_column": 2}
    asset = Asset.model_validate({**written, "location": place})
    assert Asset.model_validate_json(asset.model_dump_json()).partitions == cells


def test_validators_are_made_of_classes_that_are_used():
    used = subprocess.run([sys.executable, "-c", USE], capture_output=True, text=True, check=True)
    assert used.stdout.strip() == "1"
