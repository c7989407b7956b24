"""FS901: a way through a function that ends without the value that it promises."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from flowstone.checks.finding import Finding
from flowstone.checks.promises import promises_value
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Doer, Subject
from flowstone.ir.asset import Check, Resource, Step
from flowstone.ir.body import BodyFact
from flowstone.ir.project import Project

_WAYS = {"ends": "can end here without returning it", "returns nothing": "returns nothing here"}


def check(subject: Subject) -> Iterator[Finding]:
    yield from _of_handlers(subject)
    counts = partial(_promises, subject.project)
    for fact, owner in subject.deeds("ends", "returns nothing", counts=counts, handlers=False):
        way = _WAYS[fact.kind]
        if isinstance(owner, Check):
            yield Finding(
                f"check {fact.owner!r} {way.replace('returning it', 'an outcome')}",
                fact.location,
                help="return a bool or a CheckResult on every path",
                related=((owner.location, "the check"),),
            )
        elif isinstance(owner, Step | Resource):
            yield _broken_promise(fact, owner, way)


def _of_handlers(subject: Subject) -> Iterator[Finding]:
    """What the handler of a gate promises, and does not return."""
    for fact, owner in subject.deeds("ends", "returns nothing"):
        if fact.handler is None or not isinstance(owner, Step) or owner.gate is None:
            continue
        handler = owner.gate.handlers[fact.handler]
        if handler.returns is not None and promises_value(handler.returns, subject.project.classes.keys()):
            yield Finding(
                f"{fact.handler} of {fact.owner!r} promises {handler.returns} and {_WAYS[fact.kind]}",
                fact.location,
                help="return a value on every path, or raise an exception",
                related=((handler.location, "promised here"),),
            )


def _broken_promise(fact: BodyFact, owner: Step | Resource, way: str) -> Finding:
    returns = owner.signature.returns
    what = "its value" if returns is None else str(returns)
    advice = "return a value on every path, or raise an exception"
    if returns is not None:
        advice += f"; annotate -> {returns} | None if there may be none"
    place = owner.keywords.get("returns", owner.location) if isinstance(owner, Step) else owner.location
    return Finding(
        f"{fact.owner!r} promises {what} and {way}", fact.location, help=advice, related=((place, "promised here"),)
    )


def _promises(project: Project, owner: Doer) -> bool:
    returns = owner.signature.returns
    if isinstance(owner, Check):
        return True
    if isinstance(owner, Step) and owner.choices:
        return False  # FS502 tells
    if returns is None:
        return isinstance(owner, Resource) and _is_taken(project, owner.name)
    return promises_value(returns, project.classes.keys())


def _is_taken(project: Project, resource: str) -> bool:
    """Whether somebody takes the value of a resource."""
    takers: tuple[Doer, ...] = (*project.steps.values(), *project.checks, *project.resources.values())
    uses = (use for item in takers for use in item.signature.resources)
    return any(use.resource == resource and use.parameter is not None for use in uses)


RULE = Rule(
    code="FS901",
    name="path-without-value",
    summary="A function promises a value, and one way through it returns none",
    why="Python returns None there. It is stored in place of the value, or refused only when it happens, and every "
    "asset that reads it gets what its annotation excludes. A check without an outcome fails when it runs.",
    bad="""\
from flowstone import asset


@asset
def rate(currency: str = "EUR") -> float:
    if currency == "EUR":  # <- here
        return 1.0
    elif currency == "USD":
        return 1.1
""",
    good="""\
from flowstone import asset


@asset
def rate(currency: str = "EUR") -> float:
    if currency == "EUR":
        return 1.0
    elif currency == "USD":
        return 1.1
    raise ValueError(f"no rate for {currency}")
""",
    check=check,
)
