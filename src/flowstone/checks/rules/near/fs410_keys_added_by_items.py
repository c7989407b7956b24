"""FS410: keys that a scattered function adds."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Doer, Subject
from flowstone.ir.asset import Step


def check(subject: Subject) -> Iterator[Finding]:
    for fact, owner in subject.deeds("adds partitions", counts=_is_scattered):
        yield Finding(
            f"{fact.owner!r} is scattered, and adds partitions for its items",
            fact.location,
            help="add them in an asset that reads the list which this one makes",
            related=((owner.location, "the function runs once for each item"),),
        )


def _is_scattered(owner: Doer) -> bool:
    return isinstance(owner, Step) and owner.scatter is not None


RULE = Rule(
    code="FS410",
    name="keys-added-by-items",
    summary="A scattered function adds keys to a registry",
    why="What is done for an item is kept, and not done again if the asset fails and is tried once more: the keys "
    "would be lost. So nothing is added, and the asset fails.",
    bad="""\
from flowstone import Context, DynamicPartitions, Scatter, asset


@asset
def names() -> list[str]:
    return ["acme", "globex"]


@asset(scatter=Scatter(over="names", as_="name"))
def signed(ctx: Context, name: str) -> str:
    ctx.add_partitions("customers", [name])  # <- here
    return name


@asset(partitioned_by=DynamicPartitions("customers"))
def orders() -> int:
    return 1
""",
    good="""\
from flowstone import Context, DynamicPartitions, Scatter, asset


@asset
def names() -> list[str]:
    return ["acme", "globex"]


@asset(scatter=Scatter(over="names", as_="name"))
def signed(name: str) -> str:
    return name


@asset
def known(ctx: Context, signed: list[str]) -> int:
    ctx.add_partitions("customers", signed)
    return len(signed)


@asset(partitioned_by=DynamicPartitions("customers"))
def orders() -> int:
    return 1
""",
    check=check,
)
