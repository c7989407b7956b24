"""What the archive holds: reference tables, and departures and weather day by day."""

from __future__ import annotations

import polars as pl

from flowstone import Context, Retry, asset
from pipelines.archive import Archive, FlightLog
from pipelines.calendar import day_of, days

MISSING = "NA"
FLIGHT_COLUMNS = {
    "year": pl.Int32,
    "month": pl.Int32,
    "day": pl.Int32,
    "dep_time": pl.Int32,
    "sched_dep_time": pl.Int32,
    "dep_delay": pl.Int32,
    "arr_time": pl.Int32,
    "sched_arr_time": pl.Int32,
    "arr_delay": pl.Int32,
    "carrier": pl.String,
    "flight": pl.Int32,
    "tailnum": pl.String,
    "origin": pl.String,
    "dest": pl.String,
    "air_time": pl.Int32,
    "distance": pl.Int32,
    "hour": pl.Int32,
    "minute": pl.Int32,
    "time_hour": pl.String,
}


def read_table(archive: Archive, name: str) -> pl.DataFrame:
    """A CSV file of the archive; column types are judged by all rows."""
    return pl.read_csv(archive.path(name), null_values=MISSING, infer_schema_length=None)


def hour_in_utc(column: str) -> pl.Expr:
    """A column of texts such as ``2013-01-01T10:00:00Z`` as instants."""
    return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us").dt.replace_time_zone("UTC")


@asset(group="reference", owners=["data-platform@example.com"], tags={"tier": "reference"})
def airlines(archive: Archive) -> pl.DataFrame:
    """Names of the airlines by carrier code."""
    return read_table(archive, "airlines.csv").sort("carrier")


@asset(group="reference", owners=["data-platform@example.com"], tags={"tier": "reference"})
def airports(archive: Archive) -> pl.DataFrame:
    """Airports with place and time zone, by FAA code."""
    return read_table(archive, "airports.csv").sort("faa")


@asset(group="reference", owners=["data-platform@example.com"], tags={"tier": "reference"})
def planes(archive: Archive) -> pl.DataFrame:
    """Planes by tail number."""
    return read_table(archive, "planes.csv").sort("tailnum")


@asset(
    group="raw",
    owners=["ingestion@example.com"],
    tags={"tier": "bronze"},
    path="raw/flights/{partition}.parquet",
    partitioned_by=days,
    retries=Retry(2, delay="10s", backoff=2),
    timeout="5m",
)
def raw_flights(ctx: Context, flight_log: FlightLog) -> pl.DataFrame:
    """Departures of one day, as the flight log has them."""
    flights = pl.read_csv(flight_log.of_day(day_of(ctx)), schema=FLIGHT_COLUMNS, null_values=MISSING)
    ctx.add_metadata({"departures": flights.height, "cancelled": flights["dep_time"].null_count()})
    return flights.with_columns(hour_in_utc("time_hour")).sort("sched_dep_time", "carrier", "flight", "origin", "dest")


@asset(
    group="raw",
    owners=["ingestion@example.com"],
    tags={"tier": "bronze"},
    path="raw/weather/{partition}.parquet",
    partitioned_by=days,
    retries=Retry(2, delay="10s", backoff=2),
    timeout="5m",
)
def raw_weather(ctx: Context, archive: Archive) -> pl.DataFrame:
    """Hourly weather of one day at the three airports. The archive lacks some hours, and the year's last day."""
    day = day_of(ctx)
    of_day = (pl.col("year") == day.year) & (pl.col("month") == day.month) & (pl.col("day") == day.day)
    weather = read_table(archive, "weather.csv").filter(of_day)
    return weather.with_columns(hour_in_utc("time_hour")).sort("origin", "time_hour")
