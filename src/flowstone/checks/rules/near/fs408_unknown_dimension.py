"""FS408: a dimension that the partitions do not have."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.edges import Edge
from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.dsl.mappings import ByDimension, UnknownDimensionError
from flowstone.dsl.partitions import MultiPartitions
from flowstone.fixes.respell import respell


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        if isinstance(edge.error, UnknownDimensionError):
            name, known = _unknown(edge)
            near = nearest(name, known)
            yield Finding(
                f"{edge.name!r} cannot read the partitions of {edge.producer.id!r}: {edge.reason}",
                edge.location,
                fix=None if near is None else respell(to_span(edge.location), name, near),
                help=did_you_mean(name, known) or "name a dimension of the upstream asset",
                related=((subject.keyword(edge.producer, "partitioned_by"), f"the keys of {edge.producer.id!r}"),),
            )


def _unknown(edge: Edge) -> tuple[str, list[str]]:
    """The dimension that there is not, and those that there are."""
    mapping, theirs = edge.dependency.mapping, edge.producer.partitions
    assert isinstance(mapping, ByDimension)
    known = list(theirs.by_name) if isinstance(theirs, MultiPartitions) else []
    return next(item.name for item in mapping.dimensions if item.name not in known), known


RULE = Rule(
    code="FS408",
    name="unknown-dimension",
    summary="`ByDimension` names a dimension that the upstream asset does not have",
    why="What it says would hold for nothing, and other keys would be read than are meant.",
    bad="""\
from flowstone import ByDimension, DailyPartitions, Dep, MultiPartitions, Only, StaticPartitions, asset

days = DailyPartitions(start="2024-01-01")


@asset(partitioned_by=MultiPartitions(day=days, region=StaticPartitions("eu", "us")))
def orders() -> list[int]:
    return [1, 2]


@asset(
    partitioned_by=days,
    depends_on=[Dep("orders", as_="european", partitions=ByDimension(regoin=Only("eu")))],
)
def revenue(european: list[int]) -> int:  # <- here
    return sum(european)
""",
    good="""\
from flowstone import ByDimension, DailyPartitions, Dep, MultiPartitions, Only, StaticPartitions, asset

days = DailyPartitions(start="2024-01-01")


@asset(partitioned_by=MultiPartitions(day=days, region=StaticPartitions("eu", "us")))
def orders() -> list[int]:
    return [1, 2]


@asset(
    partitioned_by=days,
    depends_on=[Dep("orders", as_="european", partitions=ByDimension(region=Only("eu")))],
)
def revenue(european: list[int]) -> int:
    return sum(european)
""",
    check=check,
)
