"""Which keys of a producer a consumer's key reads."""

import pytest

from flowstone import (
    AllPartitions,
    ByDimension,
    CronPartitions,
    DailyPartitions,
    HourlyPartitions,
    Last,
    MonthlyPartitions,
    MultiPartitions,
    Offset,
    Only,
    StaticPartitions,
    WeeklyPartitions,
)
from flowstone.dsl.mappings import (
    DisjointKeysError,
    IncompatiblePartitionsError,
    MissingDimensionError,
    UnknownDimensionError,
    arity,
    select_keys,
)

DAYS = DailyPartitions("2013-01-01", "2014-01-01")
HOURS = HourlyPartitions("2013-01-01", "2014-01-01")
WEEKS = WeeklyPartitions("2013-01-01", "2014-01-01")
MONTHS = MonthlyPartitions("2013-01", "2014-01")
TICKS = CronPartitions("0 6 * * 1-5", "2013-01-01", "2014-01-01")
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
        (TICKS, TICKS, None, "2013-01-07T0600", ["2013-01-07T0600"]),
        (TICKS, TICKS, Offset(-1), "2013-01-07T0600", ["2013-01-04T0600"]),
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
        (TICKS, DAYS, None, "'0 6 \\* \\* 1-5' are not made up of those of daily partitions"),
        (TICKS, CronPartitions("0 7 * * *", "2013-01-01"), Offset(-1), "not made up of those of '0 7"),
        (TICKS, TICKS, Last(days=2), "Last counts daily periods, and the upstream is cron"),
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


CELLS = MultiPartitions(day=DAYS, region=REGIONS)
MONTH_CELLS = MultiPartitions(month=MONTHS, region=REGIONS)
SHOPS = StaticPartitions("a.b", "c/d")
JAN = [f"2013-01-{day:02}" for day in range(1, 32)]


@pytest.mark.parametrize(
    ("consumer", "producer", "mapping", "key", "expected"),
    [
        (CELLS, CELLS, None, "2013-01-05.eu", ["2013-01-05.eu"]),
        (CELLS, DAYS, None, "2013-01-05.eu", ["2013-01-05"]),
        (CELLS, REGIONS, None, "2013-01-05.eu", ["eu"]),
        (CELLS, None, None, "2013-01-05.eu", [None]),
        (DAYS, CELLS, None, "2013-01-05", ["2013-01-05.eu", "2013-01-05.us"]),
        (MONTHS, CELLS, None, "2013-01", [f"{day}.{region}" for day in JAN for region in ("eu", "us")]),
        (MONTH_CELLS, CELLS, None, "2013-01.eu", [f"{day}.eu" for day in JAN]),
        (MONTH_CELLS, DAYS, None, "2013-01.eu", JAN),
        (CELLS, MultiPartitions(region=REGIONS, shop=SHOPS), None, "2013-01-05.us", ["us.a~2Eb", "us.c~2Fd"]),
        (CELLS, CELLS, Last(days=2), "2013-01-05.eu", ["2013-01-04.eu", "2013-01-05.eu"]),
        (CELLS, CELLS, Offset(-1), "2013-01-05.eu", ["2013-01-04.eu"]),
        (CELLS, CELLS, Offset(-1), "2013-01-01.eu", []),
        (CELLS, DAYS, Offset(-1), "2013-01-05.eu", ["2013-01-04"]),
        (DAYS, CELLS, Last(days=2), "2013-01-02", [f"{d}.{r}" for d in JAN[:2] for r in ("eu", "us")]),
        (DAYS, CELLS, ByDimension(region=Only("eu")), "2013-01-05", ["2013-01-05.eu"]),
        (CELLS, CELLS, ByDimension(region=AllPartitions()), "2013-01-05.eu", ["2013-01-05.eu", "2013-01-05.us"]),
        (None, CELLS, Only("2013-01-05.eu"), None, ["2013-01-05.eu"]),
        (None, MultiPartitions(region=REGIONS, shop=StaticPartitions("a")), None, None, ["eu.a", "us.a"]),
    ],
)
def test_keys_by_dimension(consumer, producer, mapping, key, expected):
    assert texts(consumer, producer, mapping, key) == expected


def test_a_dict_has_the_keys_of_the_dimension_that_is_collected():
    shops = MultiPartitions(day=DAYS, shop=SHOPS)
    selection = select_keys(DAYS, shops, None, DAYS.parse("2013-01-05"))
    assert [selection.label(key) for key in selection.keys] == ["a.b", "c/d"]
    month = select_keys(MONTHS, shops, None, MONTHS.parse("2013-02"))
    assert month.label(month.keys[0]) == "2013-02-01.a~2Eb"


def test_stored_keys_are_those_of_the_own_dimensions():
    selection = select_keys(REGIONS, CELLS, None, REGIONS.parse("eu"))
    stored = [CELLS.parse(text) for text in ("2013-01-01.eu", "2013-01-01.us", "2013-02-01.eu")]
    assert selection.stored
    assert {selection.label(key): key.text for key in stored if selection.wants(key)} == {
        "2013-01-01": "2013-01-01.eu",
        "2013-02-01": "2013-02-01.eu",
    }
    assert all(map(select_keys(None, CELLS, None, None).wants, stored))


FROM_TO = MultiPartitions(departure=DAYS, booked=DAYS)


@pytest.mark.parametrize(
    ("consumer", "producer", "mapping", "error", "reason"),
    [
        (DAYS, MultiPartitions(region=REGIONS, shop=SHOPS), None, MissingDimensionError, "no dimension in common"),
        (
            CELLS,
            MonthlyPartitions("2013-01"),
            None,
            MissingDimensionError,
            r"day \(daily\).*monthly part",
        ),
        (DAYS, FROM_TO, None, MissingDimensionError, "'booked' and 'departure' upstream could both be the key here"),
        (FROM_TO, DAYS, None, MissingDimensionError, "could be by booked or departure of this asset"),
        (FROM_TO, MONTHS, None, MissingDimensionError, "no dimension in common"),
        (
            CELLS,
            CELLS,
            ByDimension(regoin=Only("eu")),
            UnknownDimensionError,
            "no dimension 'regoin'",
        ),
        (DAYS, DAYS, ByDimension(day=Last(days=2)), UnknownDimensionError, "has no dimensions"),
        (CELLS, REGIONS, Offset(-1), IncompatiblePartitionsError, "not one dimension upstream has them: none does"),
        (FROM_TO, FROM_TO, Offset(-1), IncompatiblePartitionsError, r"write ByDimension\(booked=Offset\(...\)\)"),
        (CELLS, CELLS, ByDimension(region=Only("asia")), DisjointKeysError, "region: 'asia' is not one of"),
        (CELLS, MultiPartitions(day=MONTHS, region=REGIONS), None, IncompatiblePartitionsError, "day: .*coarser"),
        (REGIONS, CELLS, Last(days=2), IncompatiblePartitionsError, "day: Last counts from the consumer's own key"),
        (None, CELLS, Only("2013-01-05"), DisjointKeysError, "2013-01-01.eu is one"),
    ],
)
def test_dimensions_that_do_not_match_say_why(consumer, producer, mapping, error, reason):
    with pytest.raises(IncompatiblePartitionsError, match=reason) as raised:
        arity(consumer, producer, mapping)
    assert type(raised.value) is error


def test_one_of_two_equal_dimensions_is_chosen_by_what_is_said_of_the_other():
    assert texts(DAYS, FROM_TO, ByDimension(booked=Only("2013-01-01")), "2013-01-05") == ["2013-01-01.2013-01-05"]


def test_by_dimension_names_a_dimension():
    with pytest.raises(ValueError, match="at least one"):
        ByDimension()
