"""Each of the three airports in each month: partitions of two dimensions, and what becomes of them in a month."""

from __future__ import annotations

import polars as pl

from flowstone import Context, asset
from pipelines.calendar import months, origin_months


@asset(
    group="monthly",
    owners=["delays@example.com"],
    tags={"tier": "gold"},
    path="monthly/origins/{partition}.parquet",
    partitioned_by=origin_months,
)
def origin_delays(ctx: Context, daily_delays: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Departures and delays of one month at one airport, day by day."""
    assert ctx.partition is not None
    origin = ctx.partition.dimensions["origin"].key
    columns = ("flights", "cancelled", "late", "delay_minutes")
    return pl.concat(
        day.filter(pl.col("origin") == origin).select(pl.lit(key).alias("day"), *columns)
        for key, day in daily_delays.items()
    )


@asset(
    group="monthly",
    owners=["delays@example.com"],
    tags={"tier": "gold"},
    path="monthly/worst_days/{partition}.parquet",
    partitioned_by=months,
)
def worst_days(origin_delays: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The day of one month on which most departures were late, for each airport."""
    return pl.concat(
        days.sort(["late", "day"], descending=[True, False]).head(1).select(pl.lit(origin).alias("origin"), pl.all())
        for origin, days in origin_delays.items()
    )
