"""What must hold before a value is published (blocking), and what is only measured."""

from __future__ import annotations

import polars as pl

from flowstone import CheckResult, check

KNOWN_SHARE = 0.95


@check(asset="raw_flights", blocking=True)
def flights_of_one_day(raw_flights: pl.DataFrame) -> bool:
    """A day has departures, and all of them are of that day."""
    return raw_flights.height > 0 and raw_flights.select("year", "month", "day").n_unique() == 1


@check(asset="flights_weather", blocking=True)
def no_negative_distance(flights_weather: pl.DataFrame) -> bool:
    """Every flight leads somewhere."""
    return flights_weather.filter(pl.col("distance").is_null() | (pl.col("distance") <= 0)).is_empty()


@check(asset="flights_weather", blocking=True)
def no_departure_twice(flights_weather: pl.DataFrame) -> bool:
    """The join with the weather has multiplied no departure."""
    departure = ["carrier", "flight", "origin", "dest", "sched_dep_time"]
    return not flights_weather.select(departure).is_duplicated().any()


@check(asset="flights_weather")
def weather_is_known(flights_weather: pl.DataFrame) -> CheckResult:
    """The weather is known for nearly all departures; the archive has gaps, so this does not block."""
    unknown = flights_weather["temp"].null_count()
    share = 1 - unknown / max(flights_weather.height, 1)
    return CheckResult(share >= KNOWN_SHARE, metadata={"departures": flights_weather.height, "unknown": unknown})
