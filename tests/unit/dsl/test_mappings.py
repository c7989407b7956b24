"""Which keys of a producer a consumer's key reads."""

import pytest

from flowstone import (
    AllPartitions,
    DailyPartitions,
    HourlyPartitions,
    Last,
    MonthlyPartitions,
    Offset,
    Only,
    StaticPartitions,
    WeeklyPartitions,
)
from flowstone.dsl.mappings import IncompatiblePartitionsError, arity, select_keys

DAYS = DailyPartitions("2013-01-01", "2014-01-01")
HOURS = HourlyPartitions("2013-01-01", "2014-01-01")
WEEKS = WeeklyPartitions("2013-01-01", "2014-01-01")
MONTHS = MonthlyPartitions("2013-01", "2014-01")
REGIONS = StaticPartitions("eu", "us")


def texts(consumer, producer, mapping, key):
    selection = select_keys(consumer, producer, mapping, consumer.parse(key) if consumer else None)
    assert selection.many == (arity(consumer, producer, mapping) == "many")
    return [key and key.text for key in selection.keys]


@pytest.mark.parametrize(
    ("consumer", "producer", "mapping", "key", "expected"),
    [
        (DAYS, DAYS, None, "2013-01-05", ["2013-01-05"]),
        (DAYS, None, None, "2013-01-05", [None]),
        (None, None, None, None, [None]),
        (WEEKS, DAYS, None, "2013-01-07", [f"2013-01-{day:02}" for day in range(7, 14)]),
        (MONTHS, DAYS, None, "2013-02", [f"2013-02-{day:02}" for day in range(1, 29)]),
        (DAYS, HOURS, None, "2013-01-05", [f"2013-01-05T{hour:02}" for hour in range(24)]),
        (DAYS, DAYS, Last(days=3), "2013-01-05", ["2013-01-03", "2013-01-04", "2013-01-05"]),
        (DAYS, DAYS, Last(days=3), "2013-01-01", ["2013-01-01"]),
        (MONTHS, MONTHS, Last(months=2), "2013-03", ["2013-02", "2013-03"]),
        (DAYS, HOURS, Last(hours=2), "2013-01-05", ["2013-01-05T22", "2013-01-05T23"]),
        (DAYS, DAYS, Offset(-1), "2013-01-05", ["2013-01-04"]),
        (DAYS, DAYS, Offset(-1), "2013-01-01", []),
        (DAYS, REGIONS, Only("eu"), "2013-01-05", ["eu"]),
        (None, REGIONS, None, None, ["eu", "us"]),
        (DAYS, REGIONS, AllPartitions(), "2013-01-05", ["eu", "us"]),
        (REGIONS, REGIONS, None, "us", ["us"]),
    ],
)
def test_keys(consumer, producer, mapping, key, expected):
    assert texts(consumer, producer, mapping, key) == expected


def test_all_keys_of_a_time_window_are_those_that_are_stored():
    assert select_keys(None, DAYS, None, None).stored
    assert select_keys(DAYS, MONTHS, AllPartitions(), DAYS.parse("2013-01-05")).stored


@pytest.mark.parametrize(
    ("consumer", "producer", "mapping", "reason"),
    [
        (DAYS, None, Last(days=2), "not partitioned"),
        (DAYS, MONTHS, None, "coarser"),
        (MONTHS, WEEKS, None, "do not fit"),
        (DAYS, REGIONS, None, "no keys in common"),
        (DAYS, DailyPartitions("2013-01-01", timezone="Europe/Berlin"), None, "time zones differ"),
        (None, DAYS, Offset(-1), "consumer is not partitioned"),
        (DAYS, DAYS, Last(hours=3), "upstream is daily"),
        (DAYS, REGIONS, Offset(-1), "static keys have none"),
        (MONTHS, DAYS, Offset(-1), "counts monthly"),
        (StaticPartitions("asia"), REGIONS, None, "no key in common"),
        (StaticPartitions("eu", "asia"), REGIONS, None, "no key 'asia' upstream"),
        (DAYS, REGIONS, Only("asia"), "'asia' is not one of"),
    ],
)
def test_edges_that_can_never_match_say_why(consumer, producer, mapping, reason):
    with pytest.raises(IncompatiblePartitionsError, match=reason):
        arity(consumer, producer, mapping)


@pytest.mark.parametrize("arguments", [{}, {"days": 1, "hours": 2}, {"days": 0}, {"days": True}])
def test_last_takes_exactly_one_length(arguments):
    with pytest.raises(ValueError, match="Last takes"):
        Last(**arguments)
