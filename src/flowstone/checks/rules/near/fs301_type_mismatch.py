"""FS301: a value of one type where another is wanted."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.arrival import value_of_many, wanted_value
from flowstone.checks.compatibility import Compatibility, Families
from flowstone.checks.edges import Edge
from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.fixes.annotations import one_value, or_none
from flowstone.ir.types import UNION, UNKNOWN, TypeExpr

_NONE = TypeExpr(name="None")
_ANY = TypeExpr(name=UNKNOWN)


def check(subject: Subject) -> Iterator[Finding]:
    judge = subject.types
    for edge in subject.edges:
        given, wanted = edge.producer.type, wanted_value(edge, judge)
        if given is None or wanted is None or given.name == _NONE.name or edge.dependency.scattered:
            continue
        if subject.is_unknown(edge.producer, "io_manager"):
            continue  # what its store makes of the value is not known
        families = _families(subject, edge)
        if not judge.fits(given, wanted, families):
            yield _mismatch(edge, given, wanted, judge)
        elif edge.dependency.optional and edge.arity == "one" and not judge.fits(_NONE, wanted):
            yield _not_optional(edge, wanted)


def _families(subject: Subject, edge: Edge) -> Families:
    manager = subject.managers.get(edge.producer.storage.manager)
    return () if manager is None else manager.traits.families


def _mismatch(edge: Edge, given: TypeExpr, wanted: TypeExpr, judge: Compatibility) -> Finding:
    advice, fix = f"annotate the parameter as {given}, or change what {edge.producer.id!r} returns", None
    if edge.arity == "one" and wanted.args and value_of_many(wanted, judge) not in (None, _ANY):
        advice = f"one partition arrives here, not many: annotate the parameter as {given}"
        fix = one_value(to_span(edge.location)) if _takes_value(given, wanted, judge) else None
    if edge.arity == "many":
        advice = f"annotate the parameter as dict[str, {given}], or change what {edge.producer.id!r} returns"
    return Finding(
        f"{edge.name!r} takes {edge.producer.id!r} as {wanted}, but it is {given}",
        edge.location,
        help=advice,
        fix=fix,
        related=((edge.producer.location, f"{edge.producer.id!r} returns {given}"),),
    )


def _takes_value(given: TypeExpr, wanted: TypeExpr, judge: Compatibility) -> bool:
    """Whether what one key would bring fits."""
    value = value_of_many(wanted, judge)
    return value is not None and judge.fits(given, value)


def _not_optional(edge: Edge, wanted: TypeExpr) -> Finding:
    optional = TypeExpr(name=UNION, args=(*wanted.members, _NONE))
    return Finding(
        f"{edge.name!r} takes {edge.producer.id!r} as {wanted}, but the dependency is optional: it may be None",
        edge.location,
        help=f"annotate the parameter as {optional}",
        fix=or_none(to_span(edge.location)),
    )


RULE = Rule(
    code="FS301",
    name="type-mismatch",
    summary="What an asset returns does not fit the annotation of a parameter that receives it",
    why="The two functions are never called together in a test, so the mistake would show in production, after the "
    "upstream assets have been made.",
    bad="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def report(orders: list[str]) -> str:  # <- here
    return ", ".join(orders)
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def report(orders: list[int]) -> str:
    return ", ".join(map(str, orders))
""",
    check=check,
    fixes=(
        Remedy("annotates an optional parameter as `... | None`"),
        Remedy("annotates the parameter as one value where one arrives"),
    ),
    fixable="""\
from flowstone import Dep, asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset(depends_on=[Dep("orders", optional=True)])
def revenue(orders: list[int]) -> int:  # <- here
    return sum(orders or [])
""",
)
