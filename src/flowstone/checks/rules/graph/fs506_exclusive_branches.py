"""FS506: an asset that needs several branches of which only one is made."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.branches import choice_of, route_of
from flowstone.checks.edges import Edge
from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.fixes.annotations import or_none
from flowstone.ir.asset import Step
from flowstone.ir.project import Project

_Branches = dict[str, str]
"""The choice that is needed, by the id of the route."""


def check(subject: Subject) -> Iterator[Finding]:
    if not subject.project.routes:
        return
    needed: dict[str, _Branches] = {}
    edges: dict[str, list[Edge]] = {}
    for edge in subject.edges:
        if isinstance(edge.consumer, Step) and not edge.dependency.optional and _is_of_the_same_key(edge):
            edges.setdefault(edge.consumer.id, []).append(edge)
    for step in subject.project.steps.values():  # in topological order
        own = needed[step.id] = _own(subject.project, step)
        for edge in edges.get(step.id, ()):
            theirs = needed.get(edge.producer.step, {})
            clash = next((route for route, choice in theirs.items() if own.get(route, choice) != choice), None)
            if clash is not None:
                yield _finding(subject, step, edge, edges[step.id], needed, clash)
                break
            own.update(theirs)


def _own(project: Project, step: Step) -> _Branches:
    route = route_of(project, step)
    choice = None if route is None else choice_of(route, step)
    return {} if route is None or choice is None else {route.id: choice}


def _is_of_the_same_key(edge: Edge) -> bool:
    """Whether both are made for the same key: of others another branch may be there."""
    return edge.dependency.mapping is None and edge.arity == "one"


def _finding(
    subject: Subject, step: Step, edge: Edge, edges: list[Edge], needed: dict[str, _Branches], route: str
) -> Finding:
    mine = needed[step.id][route]
    theirs = needed[edge.producer.step][route]
    others = [item for item in edges if needed.get(item.producer.step, {}).get(route) == mine]
    where = [(item.location, f"it needs {mine!r} here") for item in others[:1]]
    related = where or [(step.keywords.get("routed_from", step.location), f"it is made only with {mine!r}")]
    parameter = edge.dependency.parameter is not None
    return Finding(
        f"{step.id!r} needs {theirs!r} and {mine!r}, and route {route!r} chooses only one of them",
        edge.location,
        help="annotate the parameters as ... | None: the one that is not chosen is None"
        if parameter
        else "make the dependencies optional: optional_deps=[...]",
        related=(*related, (subject.project.steps[route].location, "the route")),
        fix=or_none(to_span(edge.location)) if parameter else None,
    )


RULE = Rule(
    code="FS506",
    name="exclusive-branches",
    summary="An asset needs several branches of a route, of which only one is made",
    why="It would never be made: whatever the route chooses, something that it needs is left out.",
    bad="""\
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


@asset
def orders(
    full: list[int],
    incremental: list[int],  # <- here
) -> int:
    return len(full) + len(incremental)
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


@asset
def orders(
    full: list[int] | None,
    incremental: list[int] | None,
) -> int:
    return len(full or incremental or [])
""",
    check=check,
    fixes=(Remedy("annotates the parameter as `... | None`"),),
)
