"""References to secrets that only one engine can look up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowstone.ir.asset import Step
from flowstone.ir.function import Signature
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.ir.reference import references


def references_of(project: Project, step: Step) -> Iterator[tuple[str, str]]:
    """Where a step's references to secrets stand, with their kind: those of stores, parameters and resources."""
    assets = [*step.outputs.values(), *(item.asset for item in step.signature.dependencies)]
    stores = {project.assets[name].storage.manager for name in assets if name in project.assets}
    checks = [check.name for check in project.checks if check.asset in assets]
    places: dict[str, Json] = {
        f"io_managers.{name}": dict(project.io_managers[name].options) for name in stores if name in project.io_managers
    }
    for name in (step.id, *checks, *_resources(project, step.signature)):
        places[f"params.{name}"] = dict(project.params.get(name, {}))
    yield from _found(places)


def references_of_function(project: Project, name: str, signature: Signature) -> Iterator[tuple[str, str]]:
    """The same of a function that reads and makes no assets."""
    names = (name, *_resources(project, signature))
    yield from _found({f"params.{item}": dict(project.params.get(item, {})) for item in names})


def _found(places: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for place in sorted(places):
        for kind in sorted({kind for kind, _ in references(places[place])}):
            yield place, kind


def _resources(project: Project, signature: Signature) -> set[str]:
    """Names of the resources that a function opens, with those that these need."""
    found: set[str] = set()
    waiting = [item.resource for item in signature.resources]
    while waiting:
        name = waiting.pop()
        if name not in found and name in project.resources:
            found.add(name)
            waiting.extend(item.resource for item in project.resources[name].signature.resources)
    return found
