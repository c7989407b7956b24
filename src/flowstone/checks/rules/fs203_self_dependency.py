"""FS203: an asset that reads itself."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.dsl.mappings import Offset
from flowstone.ir.asset import Step


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        if not isinstance(edge.consumer, Step) or edge.producer.step != edge.consumer.id:
            continue
        mapping = edge.dependency.mapping
        if not (isinstance(mapping, Offset) and mapping.count < 0):
            yield Finding(
                f"{edge.name!r} depends on {edge.producer.id!r}, which it makes itself",
                edge.location,
                help="to read an earlier partition write Dep(..., partitions=Offset(-1)); else remove the dependency",
                related=((edge.consumer.location, f"{edge.producer.id!r} is made here"),),
            )


RULE = Rule(
    code="FS203",
    name="self-dependency",
    summary="An asset depends on itself, and not on an earlier partition of itself",
    why="It would have to be there before it is made.",
    bad="""\
from flowstone import asset


@asset
def balance(balance: int) -> int:  # <- here
    return balance + 1
""",
    good="""\
from flowstone import DailyPartitions, Dep, Offset, asset

days = DailyPartitions(start="2024-01-01")


@asset(partitioned_by=days, depends_on=[Dep("balance", as_="before", partitions=Offset(-1))])
def balance(before: int | None) -> int:
    return (before or 0) + 1
""",
    scope="near",
    check=check,
)
