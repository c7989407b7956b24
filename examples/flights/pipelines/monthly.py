"""Calendar months, made of their days. What was stored from polars is read as pandas and as Arrow tables, too."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa

from flowstone import asset
from pipelines.calendar import months


@asset(
    group="monthly",
    owners=["delays@example.com"],
    tags={"tier": "gold"},
    path="monthly/delays/{partition}.parquet",
    partitioned_by=months,
)
def monthly_delays(daily_delays: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Departures and delays of one month by airport."""
    counts = ["flights", "cancelled", "late", "delay_minutes"]
    month = pd.concat(daily_delays.values(), ignore_index=True)
    totals = month.groupby(["origin", "airport"], sort=True, as_index=False)[counts].sum()
    departed = totals["flights"] - totals["cancelled"]
    return totals.assign(
        mean_delay=(totals["delay_minutes"] / departed).round(2), late_share=(totals["late"] / departed).round(4)
    )


@asset(
    group="monthly",
    owners=["delays@example.com"],
    tags={"tier": "gold"},
    path="monthly/carriers/{partition}.parquet",
    partitioned_by=months,
)
def monthly_carriers(flights_weather: dict[str, pl.DataFrame], late_after: int = 15) -> pl.DataFrame:
    """Arrivals and their delays of one month by carrier."""
    delay = pl.col("arr_delay").cast(pl.Int64)
    return (
        pl.concat(list(flights_weather.values()))
        .group_by("carrier")
        .agg(
            flights=pl.len().cast(pl.Int64),
            arrived=delay.count().cast(pl.Int64),
            late=(delay >= late_after).sum().cast(pl.Int64),
            delay_minutes=delay.sum(),
        )
        .sort("carrier")
    )


@asset(
    group="monthly",
    owners=["fleet@example.com"],
    tags={"tier": "gold"},
    path="monthly/fleet/{partition}.parquet",
    partitioned_by=months,
)
def monthly_fleet(raw_flights: dict[str, pa.Table], planes: pa.Table) -> pa.Table:
    """Flights and miles flown in one month by the plane's manufacturer; planes that are not on record are left out."""
    flown = pa.concat_tables([day.select(["tailnum", "distance"]) for day in raw_flights.values()])
    joined = flown.join(
        planes.select(["tailnum", "manufacturer"]), keys="tailnum", join_type="inner", use_threads=False
    )
    totals = joined.group_by("manufacturer", use_threads=False).aggregate([("distance", "count"), ("distance", "sum")])
    return totals.rename_columns(["manufacturer", "flights", "miles"]).sort_by("manufacturer")
