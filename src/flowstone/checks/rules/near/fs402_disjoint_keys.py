"""FS402: keys that the upstream asset does not have."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.checks.windows import about_keys, missing_keys


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        reason = edge.reason if about_keys(edge) else missing_keys(edge)
        if reason is not None:
            yield Finding(
                f"{edge.name!r} reads keys that {edge.producer.id!r} does not have: {reason}",
                edge.location,
                help="give both the same partition definition, or choose the keys by partitions= in Dep(...)",
                related=((subject.keyword(edge.producer, "partitioned_by"), f"the keys of {edge.producer.id!r}"),),
            )


RULE = Rule(
    code="FS402",
    name="disjoint-keys",
    summary="An asset has partition keys for which the asset that it reads has none",
    why="Those partitions could never be made: what they read does not exist.",
    bad="""\
from flowstone import StaticPartitions, asset


@asset(partitioned_by=StaticPartitions("eu", "us"))
def orders() -> list[int]:
    return [1, 2]


@asset(partitioned_by=StaticPartitions("europe", "america"))
def revenue(orders: list[int]) -> int:  # <- here
    return sum(orders)
""",
    good="""\
from flowstone import StaticPartitions, asset

regions = StaticPartitions("eu", "us")


@asset(partitioned_by=regions)
def orders() -> list[int]:
    return [1, 2]


@asset(partitioned_by=regions)
def revenue(orders: list[int]) -> int:
    return sum(orders)
""",
    check=check,
)
