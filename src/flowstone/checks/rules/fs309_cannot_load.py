"""FS309: a type as which the IO manager cannot load the value."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from flowstone.checks.arrival import wanted_value
from flowstone.checks.compatibility import Compatibility
from flowstone.checks.edges import Edge
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.types import TypeExpr


def check(subject: Subject) -> Iterator[Finding]:
    judge = Compatibility(subject.project.classes)
    for edge in subject.edges:
        wanted = wanted_value(edge)
        if wanted is None:
            continue
        name = edge.producer.storage.manager
        options = subject.options.get(edge.producer.id)
        if options is None or isinstance(options, ValidationError):
            continue
        reason = subject.managers[name].refuses(wanted.without_none(), options, loading=True)
        if reason is not None and not _is_mismatch(judge, subject, edge, wanted):
            yield Finding(
                f"{edge.name!r} takes {edge.producer.id!r} as {wanted}, "
                f"as which IO manager {name!r} cannot load it: {reason}",
                edge.location,
                help="annotate the parameter with a type that it can load, or choose another IO manager for the asset",
                related=((edge.producer.location, f"{edge.producer.id!r} is stored by {name!r}"),),
            )


def _is_mismatch(judge: Compatibility, subject: Subject, edge: Edge, wanted: TypeExpr) -> bool:
    """Whether the edge has another rule's finding already."""
    given = edge.producer.type
    manager = subject.managers.get(edge.producer.storage.manager)
    families = () if manager is None else manager.traits.families
    return given is not None and (given.name == "None" or not judge.fits(given, wanted, families))


RULE = Rule(
    code="FS309",
    name="cannot-load",
    summary="The IO manager cannot load the value as the type that a parameter asks for",
    why="Everything upstream would be made, and then the function could not be called.",
    bad="""\
from typing import Any

import polars as pl
from flowstone import asset


@asset
def orders() -> Any:
    return {"price": [1, 2]}


@asset
def revenue(orders: pl.DataFrame) -> int:  # <- here
    return int(orders["price"].sum())
""",
    good="""\
from typing import Any

from flowstone import asset


@asset
def orders() -> Any:
    return {"price": [1, 2]}


@asset
def revenue(orders: dict[str, list[int]]) -> int:
    return sum(orders["price"])
""",
    check=check,
)
