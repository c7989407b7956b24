"""Jobs that run after others have made something, and one that a sensor starts."""

from flowstone import Context, Cron, DailyPartitions, Job, OnUpdate, RunRequest, asset, sensor

days = DailyPartitions("2024-01-01")


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def refunds() -> list[int]:
    return [1]


@asset(schedule=OnUpdate("orders"))
def revenue(orders: list[int]) -> int:
    return sum(orders)


@asset
def report(orders: list[int], refunds: list[int]) -> int:
    return sum(orders) - sum(refunds)


@asset
def notice(ctx: Context) -> str:
    """Reads nothing of what it follows."""
    return ctx.run_id


@asset(partitioned_by=days)
def visits(ctx: Context) -> str:
    return ctx.partition.key


@asset(partitioned_by=days)
def clicks(ctx: Context) -> str:
    return ctx.partition.key


@asset(partitioned_by=days)
def ratio(visits: str | None, clicks: str | None) -> str:
    return f"{visits}/{clicks}"


load = Job("load", select="orders refunds", schedule=Cron("0 6 * * *", timezone="UTC"))
counting = Job("counting", select="visits clicks", schedule=Cron("0 6 * * *", timezone="UTC"))
publish = Job("publish", select="report", schedule=OnUpdate("orders", "refunds"))
tell = Job("tell", select="notice", schedule=OnUpdate("revenue", "report", when="any"))
ratios = Job("ratios", select="ratio", schedule=OnUpdate("visits", "clicks", when="any"))


@sensor(job="counting", every="5m", timeout="2m")
def corrections(cursor: str | None) -> list[RunRequest]:
    """Days that are counted once more."""
    return [RunRequest("first", partition="2024-01-01")] if cursor is None else []
