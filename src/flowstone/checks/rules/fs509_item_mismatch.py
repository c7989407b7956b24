"""FS509: items of one type, and a parameter for another."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.item_types import item_types
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for edge in subject.edges:
        given, wanted = edge.producer.type, edge.dependency.type
        if not edge.dependency.scattered or edge.arity != "one" or given is None or wanted is None:
            continue
        (item,) = wanted.args
        wrong = next((each for each in item_types(subject, given) if not subject.types.fits(each, item)), None)
        if wrong is not None:
            yield Finding(
                f"{edge.name!r} takes an item of {edge.producer.id!r} as {item}, but it is {wrong}",
                edge.location,
                help=f"annotate the parameter as {wrong}, or change what {edge.producer.id!r} returns",
                related=((edge.producer.location, f"{edge.producer.id!r} returns {given}"),),
            )


RULE = Rule(
    code="FS509",
    name="item-mismatch",
    summary="The items that an asset is scattered over do not fit the annotation of the parameter",
    why="The function would be called with something else than it says, for every item.",
    bad="""\
from flowstone import Scatter, asset


@asset
def urls() -> list[str]:
    return ["https://example.org/a", "https://example.org/b"]


@asset(scatter=Scatter(over="urls", as_="url"))
def sizes(url: bytes) -> int:  # <- here
    return len(url)
""",
    good="""\
from flowstone import Scatter, asset


@asset
def urls() -> list[str]:
    return ["https://example.org/a", "https://example.org/b"]


@asset(scatter=Scatter(over="urls", as_="url"))
def sizes(url: str) -> int:
    return len(url)
""",
    scope="near",
    check=check,
)
