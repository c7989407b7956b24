"""All months that are there: which carriers arrive in time?"""

from __future__ import annotations

import polars as pl

from flowstone import asset


@asset(group="report", owners=["delays@example.com"], tags={"tier": "gold"}, path="carrier_ranking.parquet")
def carrier_ranking(
    monthly_carriers: dict[str, pl.DataFrame], airlines: pl.DataFrame, minimum_flights: int = 100
) -> pl.DataFrame:
    """Carriers by their share of late arrivals, the best first. Those with few flights are left out."""
    return (
        pl.concat(list(monthly_carriers.values()))
        .group_by("carrier")
        .agg(pl.sum("flights"), pl.sum("arrived"), pl.sum("late"), pl.sum("delay_minutes"))
        .filter(pl.col("flights") >= minimum_flights, pl.col("arrived") > 0)
        .join(airlines.rename({"name": "airline"}), on="carrier", how="left")
        .with_columns(
            late_share=(pl.col("late") / pl.col("arrived")).round(4),
            mean_delay=(pl.col("delay_minutes") / pl.col("arrived")).round(2),
        )
        .sort("late_share", "carrier")
        .with_row_index("rank", offset=1)
        .select("rank", "carrier", "airline", "flights", "late_share", "mean_delay")
    )
