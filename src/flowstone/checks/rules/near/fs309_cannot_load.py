"""FS309: a type as which the IO manager cannot load the value."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from flowstone.checks.arrival import wanted_value
from flowstone.checks.edges import Edge
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.io.contract import Options
from flowstone.ir.types import TypeExpr


def check(subject: Subject) -> Iterator[Finding]:
    judge = subject.types
    for edge in subject.edges:
        wanted = wanted_value(edge, judge)
        options = subject.options.get(edge.producer.id)
        if wanted is None or options is None or isinstance(options, ValidationError):
            continue
        name = edge.producer.storage.manager
        reason = subject.refusal(name, wanted, options, loading=True)
        if reason is not None and not _is_told_elsewhere(subject, edge, wanted, options):
            yield Finding(
                f"{edge.name!r} takes {edge.producer.id!r} as {wanted}, "
                f"as which IO manager {name!r} cannot load it: {reason}",
                edge.location,
                help="annotate the parameter with a type that it can load, or choose another IO manager for the asset",
                related=((edge.producer.location, f"{edge.producer.id!r} is stored by {name!r}"),),
            )


def _is_told_elsewhere(subject: Subject, edge: Edge, wanted: TypeExpr, options: Options) -> bool:
    """Whether the types do not fit, or the value cannot even be stored: these are findings of their own."""
    given = edge.producer.type
    if given is None:
        return False
    name = edge.producer.storage.manager
    fits = given.name != "None" and subject.types.fits(given, wanted, subject.managers[name].traits.families)
    return not fits or subject.refusal(name, given, options, loading=False) is not None


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
