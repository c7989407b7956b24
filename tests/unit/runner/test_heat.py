"""Partitions laid out in rows, in coarser cells where there are many."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from flowstone import (
    CronPartitions,
    DailyPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    MultiPartitions,
    StaticPartitions,
    WeeklyPartitions,
)
from flowstone.runner.heat import WIDTH, heat_map

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def drawn(definition, states=("current",), most=None):
    keys = definition.keys(NOW)
    made = heat_map(definition, zip(keys, itertools.cycle(states)), most)
    return [(label, "".join(" " if cell is None else cell.letter for cell in cells)) for label, cells in made.rows]


def test_days_stand_in_months():
    days = DailyPartitions("2024-01-30", end="2024-03-02")
    assert drawn(days, ["current", "missing", "failed"]) == [
        ("2024-01", " " * 29 + "#-"),
        ("2024-02", ("x#-" * 10)[:29]),
        ("2024-03", "-"),
    ]


@pytest.mark.parametrize(
    ("definition", "rows"),
    [
        (
            HourlyPartitions("2024-01-01T22", end="2024-01-02T02"),
            [("2024-01-01", " " * 22 + "##"), ("2024-01-02", "##")],
        ),
        (WeeklyPartitions("2024-12-16", end="2025-01-13"), [("2024", " " * 50 + "##"), ("2025", "##")]),
        (MonthlyPartitions("2024-11", end="2025-02"), [("2024", " " * 10 + "##"), ("2025", "#")]),
        (StaticPartitions("eu", "us"), [("eu", "##")]),
        (
            MultiPartitions(day=DailyPartitions("2024-01-01", end="2024-01-03"), region=StaticPartitions("eu", "us")),
            [("eu 2024-01", "##"), ("us 2024-01", "##")],
        ),
        (
            MultiPartitions(a=StaticPartitions("x", "y"), b=StaticPartitions("1", "2", "3")),
            [("x 1", "###"), ("y 1", "###")],
        ),
    ],
)
def test_every_kind_has_its_rows(definition, rows):
    assert drawn(definition) == rows


def test_the_ticks_of_cron_follow_each_other():
    ticks = CronPartitions("0 */6 * * *", start="2024-01-01", end="2024-02-01")
    assert [(label, len(cells)) for label, cells in drawn(ticks)][:2] == [
        ("2024-01-01T0000", WIDTH),
        ("2024-01-16T0000", WIDTH),
    ]


def test_hours_that_are_many_stand_in_days_and_then_in_months():
    hours = HourlyPartitions("2024-01-01T00", end="2024-03-01T00")
    assert len(drawn(hours, most=60)) == 60
    assert drawn(hours, ["current", "missing"], most=59) == [("2024-01", "5" * 31), ("2024-02", "5" * 29)]
    assert drawn(hours, ["current", "missing"], most=1) == [("2024", "55")]


def test_the_hour_that_comes_twice_is_one_cell():
    hours = HourlyPartitions("2024-10-27T00", end="2024-10-28T00", timezone="Europe/Berlin")
    ((_, cells),) = drawn(hours, ["current", "current", "current", "missing"])
    assert len(cells) == 24
    assert cells[2] == "5"


def test_keys_that_are_many_share_cells():
    keys = StaticPartitions(*(f"k{number}" for number in range(10_000)))
    rows = drawn(keys, most=40)
    assert len(rows) <= 40
    assert drawn(keys)[1][0] == f"k{WIDTH}"


def test_what_cannot_be_coarser_is_cut_and_told():
    cells = MultiPartitions(
        day=DailyPartitions("2024-01-01", end="2024-01-03"),
        region=StaticPartitions(*(f"r{number}" for number in range(50))),
    )
    made = heat_map(cells, ((key, "current") for key in cells.keys(NOW)), 40)
    assert (len(made.rows), made.left) == (40, 10)


def test_what_is_left_out_does_not_count_as_missing():
    hours = HourlyPartitions("2024-01-01T00", end="2024-01-03T00")
    ((_, cells),) = heat_map(hours, zip(hours.keys(NOW), itertools.cycle(["current", "left out"])), 1).rows
    assert [cell.share for cell in cells] == [1.0, 1.0]
