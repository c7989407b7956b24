"""FS502: a route that may return nothing, and has no default."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Doer, Subject
from flowstone.ir.asset import Step

_WAYS = {"ends": "can end here without having chosen", "returns nothing": "returns nothing here"}
_ADVICE = "return a choice on every path, or say which one holds else: @route(..., default={first!r})"


def check(subject: Subject) -> Iterator[Finding]:
    told = set[str]()
    for fact, owner in subject.deeds("ends", "returns nothing", counts=_has_to_choose):
        assert isinstance(owner, Step)
        told.add(owner.id)
        yield Finding(
            f"route {owner.id!r} {_WAYS[fact.kind]}",
            fact.location,
            help=_ADVICE.format(first=owner.choices[0]),
            related=((owner.keywords.get("choices", owner.location), "its choices"),),
        )
    for step in subject.project.steps.values():
        returns = step.signature.returns
        if _has_to_choose(step) and step.id not in told and returns is not None and returns.optional:
            yield Finding(
                f"route {step.id!r} may return None, and has no default",
                step.keywords.get("returns", step.location),
                help=_ADVICE.format(first=step.choices[0]),
            )


def _has_to_choose(owner: Doer) -> bool:
    return isinstance(owner, Step) and bool(owner.choices) and owner.default_choice is None and _is_plain(owner)


def _is_plain(step: Step) -> bool:
    """Whether the default is known, and the function one that returns."""
    return "default" not in step.unknown and not step.function.is_generator


RULE = Rule(
    code="FS502",
    name="route-without-choice",
    summary="A route may return None, and has no default",
    why="Python returns None there, and then no branch is chosen: the run would fail.",
    bad="""\
from flowstone import asset, route


@route(choices=["full", "incremental"])
def mode(rows: int = 0) -> str:
    if rows > 1000:  # <- here
        return "incremental"


@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode")
def incremental() -> list[int]:
    return [3]
""",
    good="""\
from flowstone import asset, route


@route(choices=["full", "incremental"], default="full")
def mode(rows: int = 0) -> str | None:
    if rows > 1000:
        return "incremental"
    return None


@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode")
def incremental() -> list[int]:
    return [3]
""",
    check=check,
)
