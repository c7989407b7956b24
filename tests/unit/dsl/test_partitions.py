"""Partition keys: one canonical text, a total order, safe as a path."""

from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowstone.dsl.partitions import (
    MAX_KEY_LENGTH,
    DailyPartitions,
    HourlyPartitions,
    MonthlyPartitions,
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
definitions = st.builds(
    lambda kind, zone: kind("1999-01-01", timezone=zone), st.sampled_from(KINDS), st.sampled_from(ZONES)
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
