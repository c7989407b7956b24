"""Seven days up to each day."""

from __future__ import annotations

import polars as pl

from flowstone import Dep, Last, asset
from pipelines.calendar import days


@asset(
    group="daily",
    owners=["delays@example.com"],
    tags={"tier": "gold"},
    path="daily/trend/{partition}.parquet",
    partitioned_by=days,
    depends_on=[Dep("daily_delays", as_="week", partitions=Last(days=7))],
)
def delay_trend(week: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Mean delay and share of late departures by airport over the last seven days; fewer at the year's start."""
    departed = pl.col("flights") - pl.col("cancelled")
    return (
        pl.concat(list(week.values()))
        .group_by("origin")
        .agg(
            days=pl.len().cast(pl.Int64), departed=departed.sum(), late=pl.sum("late"), minutes=pl.sum("delay_minutes")
        )
        .sort("origin")
        .select(
            pl.lit(max(week)).str.to_date("%Y-%m-%d").alias("day"),
            "origin",
            "days",
            "departed",
            mean_delay=(pl.col("minutes") / pl.col("departed")).round(2),
            late_share=(pl.col("late") / pl.col("departed")).round(4),
        )
    )
