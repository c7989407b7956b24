"""Partitions of two dimensions: the same ones, one of them, coarser ones, all."""

from flowstone import (
    AllPartitions,
    ByDimension,
    Context,
    Cron,
    DailyPartitions,
    Dep,
    Job,
    MultiPartitions,
    Offset,
    Only,
    StaticPartitions,
    WeeklyPartitions,
    asset,
)

days = DailyPartitions(start="2024-01-01", end="2025-01-01")
regions = StaticPartitions("eu", "us/west")
cells = MultiPartitions(region=regions, day=days)


@asset
def currencies() -> dict[str, str]:
    return {"eu": "EUR", "us/west": "USD"}


@asset(partitioned_by=days)
def rates(ctx: Context) -> float:
    return float(ctx.partition.date.day)


@asset(partitioned_by=cells, depends_on=[Dep("sales", as_="before", partitions=Offset(-1))])
def sales(ctx: Context, rates: float, currencies: dict[str, str], before: float | None) -> float:
    region = ctx.partition.dimensions["region"].key
    return (before or 0.0) + rates * (2 if currencies[region] == "USD" else 1)


@asset(partitioned_by=days)
def share(sales: dict[str, float]) -> dict[str, float]:
    return {region: value / sum(sales.values()) for region, value in sales.items()}


@asset(partitioned_by=MultiPartitions(week=WeeklyPartitions(start="2024-01-01", end="2025-01-01"), region=regions))
def week(sales: dict[str, float]) -> dict[str, float]:
    return sales


@asset(partitioned_by=regions)
def history(sales: dict[str, float]) -> dict[str, float]:
    return sales


@asset(
    partitioned_by=cells,
    depends_on=[Dep("sales", as_="everywhere", partitions=ByDimension(region=AllPartitions()))],
)
def rest(ctx: Context, everywhere: dict[str, float]) -> float:
    own = ctx.partition.dimensions["region"].key
    return sum(value for region, value in everywhere.items() if region != own)


@asset(depends_on=[Dep("week", as_="european", partitions=ByDimension(region=Only("eu")))])
def report(european: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return european


nightly = Job(
    "nightly",
    select="currencies rates sales share week history report",
    schedule=Cron("30 4 * * *", timezone="UTC"),
)
clock = Job("clock", select="sales", schedule=Cron("0 6 * * *", timezone="UTC"))
others = Job("others", select="rest")
