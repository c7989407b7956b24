"""The partition definitions that the assets share."""

from __future__ import annotations

from datetime import date

from flowstone import Context, DailyPartitions, MonthlyPartitions, MultiPartitions, StaticPartitions

NEW_YORK = "America/New_York"

days = DailyPartitions(start="2013-01-01", end="2014-01-01", timezone=NEW_YORK)
months = MonthlyPartitions(start="2013-01-01", end="2014-01-01", timezone=NEW_YORK)
origin_months = MultiPartitions(month=months, origin=StaticPartitions("EWR", "JFK", "LGA"))


def day_of(ctx: Context) -> date:
    """The day that a daily asset is being made for."""
    if ctx.partition is None:
        raise ValueError(f"{ctx.asset} is not partitioned")
    return ctx.partition.date
