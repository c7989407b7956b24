"""FS403: a parameter for one value where many arrive."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.arrival import wanted_value
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        wanted = edge.dependency.type
        if edge.arity != "many" or wanted is None or edge.dependency.parameter is None:
            continue
        if wanted_value(edge, subject.types) is None:
            given = edge.producer.type or "T"
            yield Finding(
                f"{edge.name!r} takes {edge.producer.id!r} as {wanted}, but many partitions arrive",
                edge.location,
                help=f"annotate the parameter as dict[str, {given}], by key, or as Iterator[tuple[str, {given}]]",
                related=((subject.keyword(edge.producer, "partitioned_by"), f"{edge.producer.id!r} is partitioned"),),
            )


RULE = Rule(
    code="FS403",
    name="many-keys-scalar",
    summary="A parameter that receives many partitions is annotated as one value",
    why="The function would be given a dict by partition key and take it for one value.",
    bad="""\
from flowstone import DailyPartitions, asset


@asset(partitioned_by=DailyPartitions(start="2024-01-01"))
def orders() -> list[int]:
    return [1, 2]


@asset
def total(orders: list[int]) -> int:  # <- here
    return sum(orders)
""",
    good="""\
from flowstone import DailyPartitions, asset


@asset(partitioned_by=DailyPartitions(start="2024-01-01"))
def orders() -> list[int]:
    return [1, 2]


@asset
def total(orders: dict[str, list[int]]) -> int:
    return sum(map(sum, orders.values()))
""",
    scope="near",
    check=check,
)
