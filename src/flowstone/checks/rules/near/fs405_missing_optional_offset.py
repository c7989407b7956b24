"""FS405: an earlier partition that the first one does not have."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.checks.windows import offset_leaves_window
from flowstone.dsl.mappings import ByDimension, Offset
from flowstone.fixes.annotations import or_none
from flowstone.ir.types import TypeExpr

_NONE = TypeExpr(name="None")


def check(subject: Subject) -> Iterator[Finding]:
    judge = subject.types
    for edge in subject.edges:
        if not isinstance(edge.dependency.mapping, Offset | ByDimension) or edge.arity == "many":
            continue  # of many keys that are not there a dict has none
        wanted = edge.dependency.type
        if edge.dependency.parameter is None or wanted is None or edge.dependency.optional:
            continue  # what is optional must take None anyway: that is another rule's
        if judge.fits(_NONE, wanted):
            continue
        key = offset_leaves_window(edge)
        if key is not None:
            yield Finding(
                f"{edge.name!r} takes {edge.producer.id!r} as {wanted}, but for {key} there is no such partition",
                edge.location,
                fix=or_none(to_span(edge.location)),
                help=f"annotate the parameter as {wanted} | None: it is None where the offset leads out of the window",
            )


RULE = Rule(
    code="FS405",
    name="missing-optional-offset",
    summary="`Offset` leads out of the partitions for the first or last key, and the parameter cannot be None",
    why="The first partition has none before it: the parameter is None there, and the function would fail in just that "
    "run.",
    bad="""\
from flowstone import DailyPartitions, Dep, Offset, asset


@asset(
    partitioned_by=DailyPartitions(start="2024-01-01"),
    depends_on=[Dep("balance", as_="before", partitions=Offset(-1))],
)
def balance(before: int) -> int:  # <- here
    return before + 1
""",
    good="""\
from flowstone import DailyPartitions, Dep, Offset, asset


@asset(
    partitioned_by=DailyPartitions(start="2024-01-01"),
    depends_on=[Dep("balance", as_="before", partitions=Offset(-1))],
)
def balance(before: int | None) -> int:
    return 0 if before is None else before + 1
""",
    check=check,
    fixes=(Remedy("annotates the parameter as `... | None`"),),
)
