"""FS503: an asset that is routed from what is no route."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    project = subject.project
    for step in project.steps.values():
        asset = project.assets.get(step.routed_from or "")
        route = None if asset is None else project.steps.get(asset.step)
        if asset is not None and route is not None and not route.choices:
            yield Finding(
                f"asset {step.id!r} is routed from {asset.id!r}, which is no route",
                step.keywords.get("routed_from", step.location),
                help=f"write @route(choices=[...]) above {route.function.name!r}, or name the route that is meant",
                related=((asset.location, f"{asset.id!r} is an asset"),),
            )


RULE = Rule(
    code="FS503",
    name="unknown-route",
    summary="An asset is routed from a route that is not defined, or from an asset that is no route",
    why="Nothing would ever choose the asset.",
    bad="""\
from flowstone import asset, route


@route(choices=["full", "incremental"])
def mode() -> str:
    return "full"


@asset(routed_from="mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="full")  # <- here
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
    fixes=(Remedy("writes the name that is clearly meant"),),
    fixable="""\
from flowstone import asset, route


@route(choices=["full", "incremental"])
def loading_mode() -> str:
    return "full"


@asset(routed_from="loading_mode")
def full() -> list[int]:
    return [1, 2, 3]


@asset(routed_from="loading_mod")  # <- here
def incremental() -> list[int]:
    return [3]
""",
)
