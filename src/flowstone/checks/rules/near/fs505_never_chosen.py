"""FS505: an asset that its route cannot choose."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.branches import choice_of, route_of
from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.fixes.respell import respell


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        route = route_of(subject.project, step)
        if route is None or choice_of(route, step) is not None:
            continue
        name = step.id.rpartition(".")[2]
        place = route.keywords.get("choices", route.location)
        near = nearest(name, route.choices)
        yield Finding(
            f"asset {step.id!r} is routed from {route.id!r}, which cannot choose it",
            step.keywords.get("routed_from", step.location),
            help=did_you_mean(name, route.choices) or f"add {name!r} to the choices of {route.id!r}",
            related=((place, "the choices"),),
            fix=None if near is None else respell(to_span(place), near, name),
        )


RULE = Rule(
    code="FS505",
    name="never-chosen",
    summary="An asset follows a route that does not have it among its choices",
    why="It would never be made, and nobody would be told.",
    bad="""\
from flowstone import asset, route


@route(choices=["full"])
def mode() -> str:
    return "full"


@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode")  # <- here
def incremental() -> list[int]:
    return [3]
""",
    good="""\
from flowstone import asset, route


@route(choices=["full", "incremental"])
def mode() -> str:
    return "full"


@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode")
def incremental() -> list[int]:
    return [3]
""",
    check=check,
    fixes=(Remedy("writes the asset's name for the nearest choice"),),
    fixable="""\
from flowstone import asset, route


@route(choices=["full", "incrementl"])
def mode() -> str:
    return "full"


@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="mode")  # <- here
def incremental() -> list[int]:
    return [3]
""",
)
