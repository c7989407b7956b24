"""FS113: a check on an asset that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean


def check(subject: Subject) -> Iterator[Finding]:
    for found in subject.project.checks:
        if found.asset not in subject.project.assets:
            yield Finding(
                f"check {found.name!r} is for the asset {found.asset!r}, which is not defined",
                found.location,
                help=did_you_mean(found.asset, subject.project.assets),
            )


RULE = Rule(
    code="FS113",
    name="unknown-checked-asset",
    summary="A check names an asset that is not defined",
    why="The check would never run, and everybody would believe that it does.",
    bad="""\
from flowstone import asset, check


@asset
def orders() -> list[int]:
    return [1, 2]


@check(asset="order")  # <- here
def not_empty(orders: list[int]) -> bool:
    return bool(orders)
""",
    good="""\
from flowstone import asset, check


@asset
def orders() -> list[int]:
    return [1, 2]


@check(asset="orders")
def not_empty(orders: list[int]) -> bool:
    return bool(orders)
""",
    check=check,
    fixes=(Remedy("writes the name that is clearly meant"),),
)
