"""FS514: a function that receives batches and returns no list."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.item_types import may_have_items
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        returns = step.signature.returns
        if step.scatter is None or step.scatter.batch_size is None or returns is None:
            continue
        if not any(may_have_items(subject, member) for member in returns.members):
            yield Finding(
                f"{step.id!r} receives batches of items and returns {returns}",
                step.keywords.get("returns", step.location),
                help="return a list with a result for each item",
                related=((step.keywords.get("scatter", step.location), "batches"),),
            )


RULE = Rule(
    code="FS514",
    name="batch-without-list",
    summary="A function that receives batches of items does not return a list",
    why="Each item needs a result of its own: the run would fail with the first batch.",
    bad="""\
from flowstone import Scatter, asset


@asset
def orders() -> list[int]:
    return [1, 2, 3]


@asset(scatter=Scatter(over="orders", as_="some", batch_size=2))
def amounts(some: list[int]) -> int:  # <- here
    return sum(some)
""",
    good="""\
from flowstone import Scatter, asset


@asset
def orders() -> list[int]:
    return [1, 2, 3]


@asset(scatter=Scatter(over="orders", as_="some", batch_size=2))
def amounts(some: list[int]) -> list[int]:
    return [order * 100 for order in some]
""",
    check=check,
)
