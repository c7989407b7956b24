"""FS508: a function that is to run for each item of what has no items."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.edges import Edge
from flowstone.checks.finding import Finding
from flowstone.checks.item_types import may_have_items
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.asset import Step


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        if not edge.dependency.scattered or not isinstance(edge.consumer, Step):
            continue
        given = edge.producer.type
        if edge.arity == "many":
            yield _finding(
                edge, edge.consumer, "of which many partitions arrive", "scatter over what is not partitioned"
            )
        elif given is not None and not all(may_have_items(subject, member) for member in given.members):
            yield _finding(edge, edge.consumer, f"which is {given}", f"let {edge.producer.id!r} return a list")


def _finding(edge: Edge, step: Step, why: str, help: str) -> Finding:
    return Finding(
        f"{step.id!r} scatters over {edge.producer.id!r}, {why}",
        step.keywords.get("scatter", edge.location),
        help=help,
        related=((edge.producer.location, f"{edge.producer.id!r} is made here"),),
    )


RULE = Rule(
    code="FS508",
    name="scatter-over-no-list",
    summary="An asset is scattered over what is no list of items",
    why="What an item is could not be told: a text has letters, a mapping keys, a table columns. The run would fail.",
    bad="""\
from flowstone import Scatter, asset


@asset
def pages() -> int:
    return 3


@asset(scatter=Scatter(over="pages", as_="page"))  # <- here
def sizes(page: int) -> int:
    return page * 1000
""",
    good="""\
from flowstone import Scatter, asset


@asset
def pages() -> list[int]:
    return [1, 2, 3]


@asset(scatter=Scatter(over="pages", as_="page"))
def sizes(page: int) -> int:
    return page * 1000
""",
    check=check,
)
