"""Customers, loaded whole on Mondays and by their changes on other days, a greeting for each, and their accounts."""

from collections.abc import Iterator

from flowstone import (
    Approval,
    Context,
    DailyPartitions,
    DynamicPartitions,
    Failure,
    Job,
    Scatter,
    asset,
    item_reader,
    join,
    route,
)

days = DailyPartitions(start="2024-01-01", end="2024-02-01")
accounts = DynamicPartitions("accounts")


@route(choices=["whole", "changes"], default="changes", partitioned_by=days)
def mode(ctx: Context) -> str | None:
    """A whole load at the beginning of each week."""
    assert ctx.partition is not None
    return "whole" if ctx.partition.date.weekday() == 0 else None


@asset(routed_from="mode", partitioned_by=days)
def whole() -> dict[str, str]:
    """All customers."""
    return {"c1": "Ada", "c2": "Grace", "c3": "Edsger"}


@asset(routed_from="mode", partitioned_by=days)
def changes(ctx: Context) -> dict[str, str]:
    """Customers that are new or have another name."""
    assert ctx.partition is not None
    return {f"c{ctx.partition.date.day + 2}": "Barbara"}


@asset(partitioned_by=days)
def audit(whole: dict[str, str]) -> int:
    """Made where there is a whole load only: it cannot do without."""
    return len(whole)


@asset(partitioned_by=days)
def customers(whole: dict[str, str] | None, changes: dict[str, str] | None, audit: int | None) -> dict[str, str]:
    """Whichever was loaded."""
    found = whole or changes or {}
    return found if audit is None else {**found, "audited": str(audit)}


@asset(partitioned_by=days)
def names(customers: dict[str, str]) -> list[str]:
    """Whom to greet."""
    return [name for customer, name in sorted(customers.items()) if customer != "audited"]


@asset(
    partitioned_by=days, scatter=Scatter(over="names", as_="name", max_concurrent=2, failure_threshold=0.5), retries=1
)
async def greetings(name: str) -> str:
    """One for each name; those of whom we know nothing better get none."""
    if name == "Edsger":
        raise ValueError("he would not like it")
    return f"Hello {name}!"


@item_reader
def streets(houses: int = 5) -> Iterator[str]:
    """Where somebody may live, one after the other."""
    yield from (f"Main Street {number}" for number in range(1, houses + 1))


@asset(scatter=Scatter(over="streets", as_="some", batch_size=2, rate_limit="1000/s"))
def addresses(some: list[str]) -> list[str]:
    """As they are written on letters."""
    return [street.upper() for street in some]


@asset(checkpoint=Approval("So many letters?", when="are_many"), partitioned_by=days)
def stamps(greetings: list[str]) -> int:
    """What has to be bought; somebody has to approve more than a few."""
    return len(greetings)


def are_many(stamps: int) -> bool:
    """Whether somebody has to be asked."""
    return stamps > 100


@join(branches={"people": "customers", "letters": "greetings"}, on_failure="partial", partitioned_by=days)
def report(people: dict[str, str] | Failure, letters: list[str] | Failure) -> str:
    """What there is to tell of the day, whatever went wrong."""
    return "; ".join(str(part) if isinstance(part, Failure) else str(len(part)) for part in (people, letters))


@asset
def whole_loads(whole: dict[str, dict[str, str]]) -> list[str]:
    """Days of whole loads."""
    return sorted(whole)


@asset
def opened(ctx: Context) -> list[str]:
    """Accounts that somebody has opened: each becomes a partition."""
    names = ["ada", "grace hopper"]
    ctx.add_partitions(accounts, names)
    return names


@asset(partitioned_by=accounts, depends_on=["opened"])
def statement(ctx: Context) -> str:
    """Of one account."""
    assert ctx.partition is not None
    return f"Dear {ctx.partition.key.title()}, you owe us nothing."


@asset
def statements(statement: dict[str, str]) -> list[str]:
    """Of all accounts that there are."""
    return [f"{account}: {len(text)}" for account, text in statement.items()]


nightly = Job("nightly")
