"""FS407: partitions of many dimensions of which none belongs to those of the other asset."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.dsl.mappings import MissingDimensionError


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        if isinstance(edge.error, MissingDimensionError):
            yield Finding(
                f"{edge.name!r} cannot read the partitions of {edge.producer.id!r}: {edge.reason}",
                edge.location,
                help="give both a dimension of the same name, or say by partitions=ByDimension(...) in Dep(...) which "
                "keys of a dimension are read",
                related=((subject.keyword(edge.producer, "partitioned_by"), f"the keys of {edge.producer.id!r}"),),
            )


RULE = Rule(
    code="FS407",
    name="missing-dimension",
    summary="An asset has no dimension by which it could read the partitions of another one, or it is not clear which",
    why="Nothing would say which of the keys upstream belong to a key of the asset.",
    bad="""\
from flowstone import MonthlyPartitions, MultiPartitions, StaticPartitions, asset

shops = MultiPartitions(region=StaticPartitions("eu", "us"), brand=StaticPartitions("north", "south"))


@asset(partitioned_by=shops)
def orders() -> list[int]:
    return [1, 2]


@asset(partitioned_by=MonthlyPartitions(start="2024-01"))
def revenue(orders: dict[str, list[int]]) -> int:  # <- here
    return sum(map(sum, orders.values()))
""",
    good="""\
from flowstone import MonthlyPartitions, MultiPartitions, StaticPartitions, asset

months = MonthlyPartitions(start="2024-01")
shops = MultiPartitions(region=StaticPartitions("eu", "us"), month=months)


@asset(partitioned_by=shops)
def orders() -> list[int]:
    return [1, 2]


@asset(partitioned_by=months)
def revenue(orders: dict[str, list[int]]) -> int:
    return sum(map(sum, orders.values()))
""",
    check=check,
)
