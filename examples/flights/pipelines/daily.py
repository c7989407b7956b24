"""One day: departures with the weather of their hour, and the delays at each airport."""

from __future__ import annotations

import polars as pl

from flowstone import asset
from pipelines.calendar import days

WEATHER_COLUMNS = ("temp", "wind_speed", "wind_gust", "precip", "visib")


@asset(
    group="daily",
    owners=["delays@example.com"],
    tags={"tier": "silver"},
    path="daily/flights_weather/{partition}.parquet",
    partitioned_by=days,
)
def flights_weather(raw_flights: pl.DataFrame, raw_weather: pl.DataFrame) -> pl.DataFrame:
    """Departures of one day, each with the weather at its airport in the hour of its schedule, if that is known."""
    weather = raw_weather.select("origin", "time_hour", *WEATHER_COLUMNS)
    return raw_flights.drop("year", "month", "day").join(
        weather, on=["origin", "time_hour"], how="left", validate="m:1", maintain_order="left"
    )


@asset(
    group="daily",
    owners=["delays@example.com"],
    tags={"tier": "silver"},
    path="daily/delays/{partition}.parquet",
    partitioned_by=days,
)
def daily_delays(flights_weather: pl.DataFrame, airports: pl.DataFrame, late_after: int = 15) -> pl.DataFrame:
    """Departures and delays of one day by airport; late is a departure that many minutes behind the schedule."""
    delay = pl.col("dep_delay").cast(pl.Int64)
    return (
        flights_weather.group_by("origin")
        .agg(
            flights=pl.len().cast(pl.Int64),
            cancelled=pl.col("dep_time").is_null().sum().cast(pl.Int64),
            late=(delay >= late_after).sum().cast(pl.Int64),
            delay_minutes=delay.sum(),
            max_wind_speed=pl.col("wind_speed").max(),
            min_visibility=pl.col("visib").min(),
        )
        .join(airports.select(origin="faa", airport="name"), on="origin", how="left")
        .select(
            "origin", "airport", "flights", "cancelled", "late", "delay_minutes", "max_wind_speed", "min_visibility"
        )
        .sort("origin")
    )
