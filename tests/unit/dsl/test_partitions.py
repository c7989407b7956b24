"""Partition keys: one canonical text, a total order, safe as a path."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowstone.dsl.partitions import (
    MAX_KEY_LENGTH,
    CronPartitions,
    DailyPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    MultiPartitions,
    PartitionKeyError,
    StaticPartitions,
    WeeklyPartitions,
    escape,
    unescape,
)

ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"]
KINDS = [HourlyPartitions, DailyPartitions, WeeklyPartitions, MonthlyPartitions]
ENCODABLE = st.text(st.characters(exclude_categories=["Cs"]))

instants = st.datetimes(datetime(2000, 1, 1), datetime(2039, 12, 31), timezones=st.just(UTC))
CRONS = ["*/30 * * * *", "0 6 * * 1-5", "30 2 * * *", "15 1 1 * *", "@weekly"]
definitions = st.builds(
    lambda kind, zone: kind("1999-01-01", timezone=zone),
    st.sampled_from([*KINDS, *(partial(CronPartitions, cron) for cron in CRONS)]),
    st.sampled_from(ZONES),
)


@given(ENCODABLE)
def test_any_text_survives_escaping(text):
    assert unescape(escape(text)) == text


@given(ENCODABLE)
def test_escaped_text_is_one_safe_path_component(text):
    escaped = escape(text)
    assert all(char.isascii() and (char.isalnum() or char in "_-~") for char in escaped)
    assert not escaped or PurePosixPath("root", escaped).parts == ("root", escaped)


@given(ENCODABLE, ENCODABLE)
def test_different_texts_stay_different(first, second):
    assert (escape(first) == escape(second)) == (first == second)


@given(st.text(alphabet="abZ~0129AF/.é", max_size=12))
def test_only_canonical_texts_are_read(text):
    try:
        key = unescape(text)
    except PartitionKeyError:
        return
    assert escape(key) == text


@given(definitions, instants)
def test_time_keys_round_trip(definition, instant):
    key = definition.at(instant)
    assert definition.parse(key.text) == key
    assert key.start <= instant.astimezone(definition.zone)
    assert key.start.astimezone(UTC) <= instant < key.end.astimezone(UTC)


@given(definitions, instants, st.integers(-50, 50))
def test_shifting_there_and_back_is_the_same_key(definition, instant, count):
    key = definition.at(instant)
    shifted = definition.shift(key, count)
    assert shifted is None or definition.shift(shifted, -count) == key


@given(definitions, instants)
def test_keys_follow_each_other_without_gap(definition, instant):
    key = definition.at(instant)
    following = definition.shift(key, 1)
    assert following.start.astimezone(UTC) == key.end.astimezone(UTC)


@given(st.sampled_from([DailyPartitions, WeeklyPartitions, MonthlyPartitions]), instants, instants)
def test_texts_sort_like_time(kind, first, second):
    definition = kind("1999-01-01")
    early, late = sorted((first, second))
    assert definition.at(early).text <= definition.at(late).text


def test_an_hour_that_comes_twice_has_two_keys():
    hours = HourlyPartitions("2013-01-01", timezone="America/New_York")
    day = datetime(2013, 11, 3, tzinfo=ZoneInfo("America/New_York"))
    texts = [key.text for key in hours.within(day, day + timedelta(days=1))]
    assert len(texts) == len(set(texts)) == 25
    assert "2013-11-03T01-0400" in texts
    assert "2013-11-03T01-0500" in texts


def test_days_around_the_change_of_clocks_have_23_and_25_hours():
    days = DailyPartitions("2013-01-01", timezone="Europe/Berlin")
    spring, autumn = days.parse("2013-03-31"), days.parse("2013-10-27")
    assert spring.end.astimezone(UTC) - spring.start.astimezone(UTC) == timedelta(hours=23)
    assert autumn.end.astimezone(UTC) - autumn.start.astimezone(UTC) == timedelta(hours=25)


@pytest.mark.parametrize(
    "text", ["2013-1-5", "2013-01-05 ", "05.01.2013", "2013-13-01", "2012-12-31", "2014-01-01", ""]
)
def test_texts_that_are_no_key_are_refused(text):
    with pytest.raises(PartitionKeyError):
        DailyPartitions("2013-01-01", "2014-01-01").parse(text)


def test_a_week_is_named_by_its_monday():
    weeks = WeeklyPartitions("2013-01-01")
    assert weeks.first().date == date(2013, 1, 7)
    with pytest.raises(PartitionKeyError, match="did you mean 2013-01-07"):
        weeks.parse("2013-01-09")


def test_last_closed_is_the_period_before_the_instant():
    days = DailyPartitions("2013-01-01", timezone="America/New_York")
    assert days.last_closed(datetime(2013, 1, 5, 5, 0, tzinfo=UTC)).text == "2013-01-04"
    assert days.last_closed(datetime(2013, 1, 5, 4, 59, tzinfo=UTC)).text == "2013-01-03"
    assert days.last_closed(datetime(2013, 1, 1, 12, 0, tzinfo=UTC)) is None


def test_all_keys_of_a_closed_window():
    keys = [key.text for key in MonthlyPartitions("2013-01", "2013-04").keys()]  # noqa: SIM118 - no mapping
    assert keys == ["2013-01", "2013-02", "2013-03"]


def test_an_open_window_needs_an_end_to_be_listed():
    with pytest.raises(ValueError, match="until when"):
        next(DailyPartitions("2013-01-01").keys())


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((), "at least one"),
        (("eu", "eu"), "twice"),
        (("EU", "eu"), "only by case"),
        (("",), "empty"),
        (("é" * 100,), f"at most {MAX_KEY_LENGTH}"),
        ((1,), "must be a text"),
    ],
)
def test_static_keys_that_could_not_be_stored_are_refused(values, reason):
    with pytest.raises(ValueError, match=reason):
        StaticPartitions(*values)


def test_static_keys_are_read_as_written_and_as_stored():
    regions = StaticPartitions("eu/west", "us")
    assert regions.parse("eu/west") == regions.parse("eu~2Fwest")
    with pytest.raises(PartitionKeyError, match="'asia' is not one of"):
        regions.parse("asia")


def test_how_many_static_keys_are_not_listed_is_told():
    with pytest.raises(PartitionKeyError, match="'9' and 3 more"):
        StaticPartitions(*map(str, range(13))).parse("asia")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("yesterday",), "not a date"),
        (("2013-01-02", "2013-01-01"), "not after the start"),
        ((datetime(2013, 1, 1, tzinfo=UTC),), "give the zone by timezone="),
        ((5,), "not a date"),
    ],
)
def test_windows_that_make_no_sense_are_refused(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        DailyPartitions(*arguments)


statics = st.lists(ENCODABLE.filter(bool), min_size=1, max_size=4, unique_by=lambda text: escape(text).casefold())


@given(definitions, statics.filter(lambda texts: max(map(len, map(escape, texts))) < 150), instants)
def test_keys_of_several_dimensions_round_trip(times, texts, instant):
    cells = MultiPartitions(when=times, what=StaticPartitions(*texts))
    made = list(cells.product({"when": [times.at(instant)], "what": list(StaticPartitions(*texts).keys())}))
    assert [key.dimensions["what"].key for key in made] == texts
    assert [cells.parse(key.text) for key in made] == made
    assert len({key.text.casefold() for key in made}) == len(texts)
    assert all(char.isascii() and (char.isalnum() or char in "_.:+-~") for key in made for char in key.text)


@given(st.text(alphabet="ab.~012EF-", max_size=9))
def test_only_the_canonical_text_of_several_dimensions_is_read(text):
    cells = MultiPartitions(x=StaticPartitions("a", "b", ".", "a.b"), y=StaticPartitions("a", "0", "b~2E"))
    try:
        key = cells.parse(text)
    except PartitionKeyError:
        return
    assert key.text == text


CELLS = MultiPartitions(region=StaticPartitions("eu/w", "us"), day=DailyPartitions("2013-01-01", "2013-01-04"))


def test_dimensions_are_typed_and_ordered_by_name():
    key = CELLS.parse("2013-01-02.eu~2Fw")
    assert key.dimensions["day"].date == key.date == date(2013, 1, 2)
    assert key.dimensions["region"].key == "eu/w"
    same = MultiPartitions(day=DailyPartitions("2013-01-01", "2013-01-04"), region=StaticPartitions("eu/w", "us"))
    assert same == CELLS
    assert hash(CELLS) == hash(same)


def test_a_key_of_two_periods_has_no_date():
    key = MultiPartitions(a=DailyPartitions("2013-01-01"), b=DailyPartitions("2013-01-01")).parse(
        "2013-01-02.2013-01-03"
    )
    with pytest.raises(ValueError, match="no date"):
        _ = key.date


def test_all_keys_of_several_dimensions():
    assert [key.text for key in CELLS.keys()][:3] == [  # noqa: SIM118 - no mapping
        "2013-01-01.eu~2Fw",
        "2013-01-01.us",
        "2013-01-02.eu~2Fw",
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [("day=2013-01-02,region=us", 1), ("region=eu/w,day=2013-01-02", 1), ("day=2013-01-01..2013-01-03", 6)],
)
def test_keys_can_be_written_by_dimension(text, count):
    assert len(CELLS.written(text)) == count


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("region=us", "does not say which day; write day=2013-01-01,region=eu~2Fw"),
        ("day=2013-01-01,shop=a", "'shop=a' in .* names no dimension"),
        ("day=2013-01-01,day=2013-01-02", "names no dimension"),
        ("day=2013-02-01", "outside"),
    ],
)
def test_what_is_written_by_dimension_must_be_a_key(text, reason):
    with pytest.raises(PartitionKeyError, match=reason):
        CELLS.written(text)


@pytest.mark.parametrize(
    "text", ["2013-01-02", "2013-01-02.eu/w", "us.2013-01-02", "2013-01-02.us.us", "2013-02-02.us"]
)
def test_texts_that_are_no_key_of_several_dimensions_are_refused(text):
    with pytest.raises(PartitionKeyError):
        CELLS.parse(text)


@pytest.mark.parametrize(
    ("dimensions", "reason"),
    [
        ({}, "at least two"),
        ({"day": DailyPartitions("2013-01-01")}, "at least two"),
        ({"day": DailyPartitions("2013-01-01"), "cells": CELLS}, "cells must be partitions of one dimension"),
        ({"day": DailyPartitions("2013-01-01"), "a b": StaticPartitions("x")}, "cannot be the name"),
        ({"a": StaticPartitions("x" * 150), "b": StaticPartitions("y" * 50)}, "up to 201 characters"),
    ],
)
def test_dimensions_that_could_not_be_stored_are_refused(dimensions, reason):
    with pytest.raises(ValueError, match=reason):
        MultiPartitions(**dimensions)


def cron_keys(cron, start, end, zone="Europe/Berlin"):
    definition = CronPartitions(cron, start=start, end=end, timezone=zone)
    return [key.text for key in definition.keys()]  # noqa: SIM118 - no mapping


def test_periods_lie_between_ticks():
    assert cron_keys("0 6 * * 1-5", "2024-03-07", "2024-03-12", "UTC") == ["2024-03-07T0600", "2024-03-08T0600"]
    friday = CronPartitions("0 6 * * 1-5", "2024-03-01").parse("2024-03-08T0600")
    assert friday.end == datetime(2024, 3, 11, 6, tzinfo=UTC)


def test_ticks_that_are_skipped_do_not_come_and_ticks_that_come_twice_count_once():
    spring = cron_keys("*/30 * * * *", "2024-03-31T01:00", "2024-03-31T04:00")
    assert spring == ["2024-03-31T0100", "2024-03-31T0130", "2024-03-31T0300", "2024-03-31T0330"]
    autumn = cron_keys("*/30 * * * *", "2024-10-27T02:00", "2024-10-27T03:30")
    assert autumn == ["2024-10-27T0200", "2024-10-27T0230", "2024-10-27T0300"]


@pytest.mark.parametrize("text", ["2024-03-31T0230", "2024-03-31T0215", "2024-03-31", "2024-03-31T02:00"])
def test_only_ticks_are_keys(text):
    with pytest.raises(PartitionKeyError):
        CronPartitions("*/30 * * * *", "2024-01-01", timezone="Europe/Berlin").parse(text)
