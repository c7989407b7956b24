"""FS401: partitions of which none belongs to the other."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.checks.windows import about_dimensions, about_keys


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        if edge.reason is not None and not (about_keys(edge) or about_dimensions(edge)):
            yield Finding(
                f"{edge.name!r} cannot read the partitions of {edge.producer.id!r}: {edge.reason}",
                edge.location,
                help="choose another partitions= in Dep(...), such as AllPartitions(), or partition both alike",
                related=(
                    (
                        subject.keyword(edge.producer, "partitioned_by"),
                        f"{edge.producer.id!r} is partitioned here"
                        if edge.producer.partitions is not None
                        else f"{edge.producer.id!r} is not partitioned",
                    ),
                ),
            )


RULE = Rule(
    code="FS401",
    name="incompatible-partitions",
    summary="The partitions of an asset and of one that it reads have no keys in common, or the mapping does not fit",
    why="No partition of the upstream asset belongs to a partition of this one, so nothing could be loaded.",
    bad="""\
from flowstone import DailyPartitions, MonthlyPartitions, asset


@asset(partitioned_by=MonthlyPartitions(start="2024-01"))
def budget() -> int:
    return 100


@asset(partitioned_by=DailyPartitions(start="2024-01-01"))
def spent(budget: int) -> int:  # <- here
    return budget // 30
""",
    good="""\
from flowstone import DailyPartitions, MonthlyPartitions, asset


@asset(partitioned_by=DailyPartitions(start="2024-01-01"))
def spent() -> int:
    return 3


@asset(partitioned_by=MonthlyPartitions(start="2024-01"))
def total(spent: dict[str, int]) -> int:
    return sum(spent.values())
""",
    check=check,
)
