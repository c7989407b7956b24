"""FS403: a parameter for one value where many arrive."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.arrival import wanted_value
from flowstone.checks.compatibility import Compatibility
from flowstone.checks.edges import Edge
from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.fixes.annotations import by_key
from flowstone.ir.types import UNION, TypeExpr


def check(subject: Subject) -> Iterator[Finding]:
    judge = Compatibility(subject.project.classes)
    for edge in subject.edges:
        wanted = edge.dependency.type
        if edge.arity != "many" or wanted is None or edge.dependency.parameter is None or edge.dependency.scattered:
            continue
        if wanted_value(edge, subject.types) is None:
            given = edge.producer.type or "T"
            yield Finding(
                f"{edge.name!r} takes {edge.producer.id!r} as {wanted}, but many partitions arrive",
                edge.location,
                fix=by_key(to_span(edge.location)) if _takes_one(judge, edge, wanted) else None,
                help=f"annotate the parameter as dict[str, {given}], by key, or as Iterator[tuple[str, {given}]]",
                related=((subject.keyword(edge.producer, "partitioned_by"), f"{edge.producer.id!r} is partitioned"),),
            )


def _takes_one(judge: Compatibility, edge: Edge, wanted: TypeExpr) -> bool:
    """Whether the annotation is right for the value of a single key."""
    return wanted.name != UNION and (edge.producer.type is None or judge.fits(edge.producer.type, wanted))


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
    check=check,
    fixes=(Remedy("annotates the parameter as `dict[str, ...]`"),),
)
