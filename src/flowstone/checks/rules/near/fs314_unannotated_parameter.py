"""FS314: a parameter that does not say what it takes."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

from flowstone.checks.edges import Edge
from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity
from flowstone.fixes.annotations import annotate
from flowstone.ir.function import Dependency, ResourceUse, Signature
from flowstone.ir.node import Json, Location
from flowstone.ir.types import UNION, TypeExpr


def check(subject: Subject) -> Iterator[Finding]:
    missing = [(name, signature, list(_unannotated(signature))) for name, signature in subject.signatures()]
    edges = {edge.location: edge for edge in subject.edges} if any(places for _, _, places in missing) else {}
    for name, signature, places in missing:
        values = {parameter.location: parameter.default for parameter in signature.config}
        for parameter, place in places:
            known = _known(edges.get(place), values.get(place))
            yield Finding(
                f"parameter {parameter!r} of {name!r} has no annotation",
                place,
                help=f"annotate it, as in {parameter}: {known or 'list[int]'}",
                fix=None if known is None else annotate(to_span(place), known),
            )


def _unannotated(signature: Signature) -> Iterator[tuple[str, Location]]:
    bindings: tuple[Dependency | ResourceUse, ...] = (*signature.dependencies, *signature.resources)
    for bound in bindings:
        if bound.parameter is not None and bound.type is None:
            yield bound.parameter, bound.location
    for parameter in signature.config:
        if parameter.type is None:
            yield parameter.name, parameter.location


_BUILTIN = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type))


def _known(edge: Edge | None, default: Json) -> str | None:
    """The type that a parameter has to have, in names that need no import; None if it is not known."""
    if isinstance(default, bool | int | float | str):
        return type(default).__name__
    if edge is None or edge.arity is None or edge.producer.type is None or not _is_builtin(edge.producer.type):
        return None
    return f"dict[str, {edge.producer.type}]" if edge.arity == "many" else str(edge.producer.type)


def _is_builtin(type: TypeExpr) -> bool:
    return (type.name in (UNION, "None") or type.name in _BUILTIN) and all(map(_is_builtin, type.args))


RULE = Rule(
    code="FS314",
    name="unannotated-parameter",
    summary="A parameter of an asset, check or resource has no annotation",
    why="Without it nothing can be said of what arrives: a value of another type is found when it runs, and a config "
    "parameter takes whatever it is given.",
    severity=Severity.WARNING,
    strict=True,
    bad="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def revenue(orders) -> int:  # <- here
    return sum(orders)
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def revenue(orders: list[int]) -> int:
    return sum(orders)
""",
    check=check,
    fixes=(Remedy("annotates it as what the upstream asset returns, or as its default is"),),
)
