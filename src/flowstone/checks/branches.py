"""Routes and the steps that follow them."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.ir.asset import Step
from flowstone.ir.project import Project


def route_of(project: Project, step: Step) -> Step | None:
    """The route that a step follows, if it is there and is one."""
    asset = project.assets.get(step.routed_from or "")
    route = None if asset is None else project.steps.get(asset.step)
    return route if route is not None and route.choices else None


def choice_of(route: Step, step: Step) -> str | None:
    """The choice of a route that means a step which follows it."""
    names = (step.id, step.id.rpartition(".")[2])
    return next((choice for choice in route.choices if choice in names), None)


def followers(project: Project) -> dict[str, list[Step]]:
    """The steps that follow each route, by the id of the route's step."""
    found: dict[str, list[Step]] = {}
    for step in _routed(project):
        route = route_of(project, step)
        if route is not None:
            found.setdefault(route.id, []).append(step)
    return found


def _routed(project: Project) -> Iterator[Step]:
    return (step for step in project.steps.values() if step.routed_from is not None)
