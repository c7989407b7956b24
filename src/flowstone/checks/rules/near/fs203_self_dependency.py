"""FS203: an asset that reads itself."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.edges import Edge
from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.dsl.mappings import Offset, each_mapping
from flowstone.fixes.items import remove_item
from flowstone.fixes.source import MakeFix
from flowstone.ir.asset import Step


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        if not isinstance(edge.consumer, Step) or edge.producer.step != edge.consumer.id:
            continue
        if not any(isinstance(item, Offset) and item.count < 0 for item in each_mapping(edge.dependency.mapping)):
            yield Finding(
                f"{edge.name!r} depends on {edge.producer.id!r}, which it makes itself",
                edge.location,
                help="to read an earlier partition write Dep(..., partitions=Offset(-1)); else remove the dependency",
                fix=_fix(edge),
                related=((edge.consumer.location, f"{edge.producer.id!r} is made here"),),
            )


def _fix(edge: Edge) -> MakeFix | None:
    """Leave out the item of ``depends_on``; a value that is read cannot be left out."""
    if edge.dependency.parameter is not None:
        return None
    return remove_item(to_span(edge.location), "Leave out the dependency", safe=False)


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
    check=check,
    fixes=(Remedy("leaves out the item of `depends_on`"),),
    fixable="""\
from flowstone import asset


@asset(depends_on=["balance"])  # <- here
def balance() -> int:
    return 1
""",
)
