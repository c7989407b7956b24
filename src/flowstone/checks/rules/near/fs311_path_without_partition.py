"""FS311: a path that all partitions share."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.fixes.literals import rewrite, with_partition
from flowstone.fixes.source import MakeFix
from flowstone.ir.asset import Asset


def check(subject: Subject) -> Iterator[Finding]:
    for asset_id, options in subject.options.items():
        asset = subject.project.assets[asset_id]
        if isinstance(options, ValidationError):
            continue
        try:
            subject.managers[asset.storage.manager].location(
                asset.id, options, partitioned=asset.partitions is not None
            )
        except ValueError as error:
            yield Finding(
                f"asset {asset.id!r} cannot be stored there: {error}",
                subject.keyword(asset, "path", "table"),
                help="write {partition} where the key belongs"
                if asset.partitions is not None
                else "remove {partition}, or partition the asset by partitioned_by=",
                fix=_fix(subject, asset),
            )


def _fix(subject: Subject, asset: Asset) -> MakeFix | None:
    """Give each partition a file of its own."""
    path = asset.storage.options.get("path")
    if asset.partitions is None or not isinstance(path, str) or "{" in path:
        return None
    place = to_span(subject.keyword(asset, "path"))
    return rewrite(place, path, with_partition(path), "Add {partition} to the path")


RULE = Rule(
    code="FS311",
    name="path-without-partition",
    summary="A partitioned asset's path does not hold `{partition}`, or that of an unpartitioned one does",
    why="All partitions would overwrite each other in one place.",
    bad="""\
from flowstone import DailyPartitions, asset


@asset(path="orders.json", partitioned_by=DailyPartitions(start="2024-01-01"))  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import DailyPartitions, asset


@asset(path="orders/{partition}.json", partitioned_by=DailyPartitions(start="2024-01-01"))
def orders() -> list[int]:
    return [1, 2]
""",
    check=check,
    fixes=(Remedy("adds `{partition}` to the path"),),
)
