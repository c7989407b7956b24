"""FS314: a parameter that does not say what it takes."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity
from flowstone.ir.function import Dependency, ResourceUse, Signature
from flowstone.ir.node import Location


def check(subject: Subject) -> Iterator[Finding]:
    for name, signature in subject.signatures():
        for parameter, place in _unannotated(signature):
            yield Finding(
                f"parameter {parameter!r} of {name!r} has no annotation",
                place,
                help=f"annotate it, as in {parameter}: list[int]",
            )


def _unannotated(signature: Signature) -> Iterator[tuple[str, Location]]:
    bindings: tuple[Dependency | ResourceUse, ...] = (*signature.dependencies, *signature.resources)
    for bound in bindings:
        if bound.parameter is not None and bound.type is None:
            yield bound.parameter, bound.location
    for parameter in signature.config:
        if parameter.type is None:
            yield parameter.name, parameter.location


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
    scope="near",
    check=check,
)
