"""FS512: an item reader that something takes as a resource."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    resources = subject.project.resources
    for name, signature in subject.signatures():
        for use in signature.resources:
            reader = resources.get(use.resource)
            if reader is not None and reader.items and not use.scattered:
                yield Finding(
                    f"{name!r} takes the item reader {use.resource!r} as a resource",
                    use.location,
                    help=f"write scatter=Scatter(over={use.resource!r}, as_=...), or declare it with @resource",
                    related=((reader.location, f"{use.resource!r} is defined here"),),
                )


RULE = Rule(
    code="FS512",
    name="item-reader-taken-whole",
    summary="An item reader is taken as a resource, and not by `scatter=`",
    why="The function would receive a generator, which can be read only once and by nobody else.",
    bad="""\
from collections.abc import Iterator

from flowstone import asset, item_reader


@item_reader
def orders() -> Iterator[int]:
    yield 1


@asset
def revenue(orders: list[int]) -> int:  # <- here
    return sum(orders)
""",
    good="""\
from collections.abc import Iterator

from flowstone import Scatter, asset, item_reader


@item_reader
def orders() -> Iterator[int]:
    yield 1


@asset(scatter=Scatter(over="orders", as_="order"))
def amounts(order: int) -> int:
    return order * 100
""",
    check=check,
)
