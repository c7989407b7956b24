"""FS501: a route that decides for what is none of its choices."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.fixes.respell import respell
from flowstone.ir.asset import Step
from flowstone.ir.node import Location
from flowstone.ir.types import TypeExpr

_TEXT = TypeExpr(name="str")


def check(subject: Subject) -> Iterator[Finding]:
    steps = subject.project.steps
    seen = set[Location]()
    for fact in (fact for facts in subject.project.bodies.values() for fact in facts if fact.kind == "chooses"):
        step = steps.get(fact.owner)
        if step is not None and step.choices and fact.what not in step.choices and fact.location not in seen:
            seen.add(fact.location)
            yield _wrong(step, fact.what, fact.location, "returns")
    for step in steps.values():
        if step.default_choice is not None and step.default_choice not in step.choices:
            yield _wrong(step, step.default_choice, step.keywords.get("default", step.location), "has the default")
        if step.choices and step.signature.returns is not None:
            yield from _annotated(subject, step, step.signature.returns)


def _wrong(step: Step, name: str, place: Location, does: str) -> Finding:
    near = nearest(name, step.choices)
    return Finding(
        f"route {step.id!r} {does} {name!r}, which is none of its choices",
        place,
        help=did_you_mean(name, step.choices) or f"its choices are {', '.join(map(repr, step.choices))}",
        related=((step.keywords.get("choices", step.location), "the choices"),),
        fix=None if near is None else respell(to_span(place), name, near),
    )


def _annotated(subject: Subject, step: Step, returns: TypeExpr) -> Iterator[Finding]:
    place = step.keywords.get("returns", step.location)
    for member in returns.members:
        texts = [value for value in member.values if value is not None] if member.name == "Literal" else []
        wrong = [value for value in texts if value not in step.choices]
        if wrong:
            yield _wrong(step, str(wrong[0]), place, "is annotated to return")
        elif member.name not in ("None", "Literal") and not _may_be_text(subject, member):
            yield Finding(
                f"route {step.id!r} returns {returns}, and a route returns the name that it chooses",
                place,
                help=f"return one of {', '.join(map(repr, step.choices))}, and annotate -> str",
            )


def _may_be_text(subject: Subject, type: TypeExpr) -> bool:
    return subject.types.fits(type, _TEXT) or not subject.types.supertypes.is_known(type.name) or type.name == "object"


RULE = Rule(
    code="FS501",
    name="unknown-choice",
    summary="A route returns, or has as its default, what is none of its choices",
    why="The run fails when it comes to that; which may be the first Monday of a month.",
    bad="""\
from flowstone import asset, route


@route(choices=["full", "incremental"])
def mode(rows: int = 0) -> str:
    if rows > 1000:
        return "increment"  # <- here
    return "full"


@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode")
def incremental() -> list[int]:
    return [3]
""",
    good="""\
from flowstone import asset, route


@route(choices=["full", "incremental"])
def mode(rows: int = 0) -> str:
    if rows > 1000:
        return "incremental"
    return "full"


@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode")
def incremental() -> list[int]:
    return [3]
""",
    check=check,
    fixes=(Remedy("writes the nearest choice"),),
)
