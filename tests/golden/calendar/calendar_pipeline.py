"""Hours, days, weeks, months and what has no partitions, each reading others."""

from flowstone import (
    Context,
    Cron,
    CronPartitions,
    DailyPartitions,
    Dep,
    HourlyPartitions,
    Job,
    Last,
    MonthlyPartitions,
    Offset,
    WeeklyPartitions,
    asset,
)

ZONE = "America/New_York"
days = DailyPartitions("2024-01-01", "2024-03-01", timezone=ZONE)


@asset
def places() -> list[str]:
    return ["EWR", "JFK"]


@asset(partitioned_by=days)
def raw(ctx: Context) -> int:
    """One day."""
    return ctx.partition.date.day


@asset(partitioned_by=days)
def clean(raw: int, places: list[str]) -> dict[str, int]:
    return dict.fromkeys(places, raw)


@asset(partitioned_by=days, depends_on=[Dep("clean", as_="week", partitions=Last(days=7))])
def trend(week: dict[str, dict[str, int]]) -> list[str]:
    return sorted(week)


@asset(partitioned_by=days, depends_on=[Dep("balance", as_="before", partitions=Offset(-1))])
def balance(raw: int, before: int | None) -> int:
    return raw + (before or 0)


@asset(partitioned_by=WeeklyPartitions("2024-01-01", timezone=ZONE))
def weekly(clean: dict[str, dict[str, int]]) -> int:
    return len(clean)


@asset(partitioned_by=MonthlyPartitions("2024-01-01", timezone=ZONE))
def monthly(clean: dict[str, dict[str, int]], raw: dict[str, int]) -> int:
    return len(clean) + len(raw)


@asset
def report(monthly: dict[str, int], trend: dict[str, list[str]], places: list[str]) -> str:
    return f"{monthly} {len(trend)} {places}"


@asset(partitioned_by=HourlyPartitions("2024-01-01"))
def ticks(ctx: Context) -> str:
    return ctx.partition.key


@asset(partitioned_by=DailyPartitions("2024-01-01"))
def ticks_of_day(ticks: dict[str, str]) -> int:
    return len(ticks)


@asset(partitioned_by=CronPartitions("0 6,18 * * 1-5", start="2024-01-01"))
def shift(ctx: Context) -> str:
    return f"{ctx.partition.start:%a %H} to {ctx.partition.end:%a %H}"


nightly = Job("nightly", select="*", exclude="ticks+ shift", schedule=Cron("0 6 * * *", timezone=ZONE))
ticking = Job("ticking", select="ticks+", schedule=Cron("@hourly", timezone="UTC"))
shifts = Job("shifts", select="shift", schedule=Cron("0 6,18 * * 1-5", timezone="UTC"))
