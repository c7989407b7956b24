"""FS406: partitions of which a window or an offset holds none."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.edges import Edge
from flowstone.checks.empty_windows import reads_nothing
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity
from flowstone.dsl.mappings import ByDimension, Offset
from flowstone.ir.types import TypeExpr

_NONE = TypeExpr(name="None")


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        reason = reads_nothing(edge)
        if reason is not None and not _is_told_elsewhere(subject, edge):
            yield Finding(
                f"{edge.name!r} reads partitions of {edge.producer.id!r} that do not exist: {reason}",
                edge.location,
                help="let the partitions begin and end so that there is something to read",
                related=((subject.keyword(edge.producer, "partitioned_by"), f"the keys of {edge.producer.id!r}"),),
            )


def _is_told_elsewhere(subject: Subject, edge: Edge) -> bool:
    """Whether the parameter cannot be None, which it would be: that is a finding of its own."""
    wanted = edge.dependency.type
    if (
        edge.arity == "many"
        or not isinstance(edge.dependency.mapping, Offset | ByDimension)
        or edge.dependency.optional
        or wanted is None
    ):
        return False
    return not subject.types.fits(_NONE, wanted)


RULE = Rule(
    code="FS406",
    name="empty-window",
    summary="`Last` holds no partition for the first or last key, or `Offset` or an optional dependency none for all",
    why="The parameter would be an empty dict, or None: that is no failure, so nobody would notice.",
    severity=Severity.WARNING,
    bad="""\
from flowstone import DailyPartitions, Dep, Last, asset


@asset(partitioned_by=DailyPartitions(start="2024-01-01"))
def orders() -> int:
    return 1


@asset(
    partitioned_by=DailyPartitions(start="2023-01-01"),
    depends_on=[Dep("orders", as_="week", partitions=Last(days=7))],
)
def trend(week: dict[str, int]) -> int:  # <- here
    return sum(week.values())
""",
    good="""\
from flowstone import DailyPartitions, Dep, Last, asset


@asset(partitioned_by=DailyPartitions(start="2024-01-01"))
def orders() -> int:
    return 1


@asset(
    partitioned_by=DailyPartitions(start="2024-01-01"),
    depends_on=[Dep("orders", as_="week", partitions=Last(days=7))],
)
def trend(week: dict[str, int]) -> int:
    return sum(week.values())
""",
    check=check,
)
