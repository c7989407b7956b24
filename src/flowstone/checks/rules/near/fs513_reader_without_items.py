"""FS513: an item reader that cannot be read one item after the other."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for reader in subject.project.resources.values():
        if reader.items and (reader.function.is_async or not reader.function.is_generator):
            is_async = reader.function.is_async
            yield Finding(
                f"item reader {reader.name!r} {'is async' if is_async else 'yields nothing'}",
                reader.location,
                help="write a plain generator" if is_async else "yield the items, or let an asset return the list",
            )


RULE = Rule(
    code="FS513",
    name="reader-without-items",
    summary="An item reader is no generator, or `async`",
    why="Items are read one after the other, while functions run for those that were read.",
    bad="""\
from flowstone import Scatter, asset, item_reader


@item_reader
def orders() -> list[int]:  # <- here
    return [1, 2]


@asset(scatter=Scatter(over="orders", as_="order"))
def amounts(order: int) -> int:
    return order * 100
""",
    good="""\
from collections.abc import Iterator

from flowstone import Scatter, asset, item_reader


@item_reader
def orders() -> Iterator[int]:
    yield from [1, 2]


@asset(scatter=Scatter(over="orders", as_="order"))
def amounts(order: int) -> int:
    return order * 100
""",
    check=check,
)
