"""Static partitions: all of them, some of them, one of them; and those of a registry."""

from flowstone import AllPartitions, Context, Cron, Dep, DynamicPartitions, Job, Only, StaticPartitions, asset

regions = StaticPartitions("eu", "us west", "Österreich")
shops = DynamicPartitions("shops")


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


@asset
def opened(ctx: Context) -> list[str]:
    names = ["Graz", "Linz/Donau"]
    ctx.add_partitions(shops, names)
    return names


@asset(partitioned_by=shops, depends_on=["opened"])
def till(ctx: Context) -> int:
    return len(ctx.partition.key)


@asset
def tills(till: dict[str, int]) -> int:
    return sum(till.values())


selling = Job("selling", select="sales tax european")
totals = Job("totals", select="total home_report")
shares = Job("shares", select="share")
opening = Job("opening", select="opened till tills", schedule=Cron("0 6 * * *", timezone="UTC"))
