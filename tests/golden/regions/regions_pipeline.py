"""Static partitions: all of them, some of them, one of them."""

from flowstone import AllPartitions, Context, Dep, Job, Only, StaticPartitions, asset

regions = StaticPartitions("eu", "us west", "Österreich")


@asset(partitioned_by=regions)
def sales(ctx: Context) -> str:
    return ctx.partition.key


@asset(partitioned_by=regions)
def tax(sales: str) -> int:
    return len(sales)


@asset(partitioned_by=regions, depends_on=[Dep("sales", as_="everywhere", partitions=AllPartitions())])
def share(ctx: Context, everywhere: dict[str, str]) -> float:
    return len(everywhere[ctx.partition.key]) / sum(map(len, everywhere.values()))


@asset(partitioned_by=StaticPartitions("eu"))
def european(tax: int) -> int:
    return tax


@asset
def total(tax: dict[str, int]) -> int:
    return sum(tax.values())


@asset(depends_on=[Dep("tax", as_="home", partitions=Only("Österreich"))])
def home_report(home: int) -> str:
    return str(home)


selling = Job("selling", select="sales tax european")
totals = Job("totals", select="total home_report")
shares = Job("shares", select="share")
