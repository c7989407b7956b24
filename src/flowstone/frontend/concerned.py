"""Which files are concerned when the names change that other files declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from flowstone.frontend.facts import RESOURCES, FileFacts, Name
from flowstone.ir.asset import Check, Resource, Step
from flowstone.ir.project import Project
from flowstone.ir.sensor import Sensor


def mentioning(names: Set[str], project: Project, files: Mapping[str, FileFacts]) -> Iterator[str]:
    """Files that declare what mentions one of the names, or has a parameter that could."""
    paths = {facts.module: path for path, facts in files.items()}
    items: list[Step | Check | Resource | Sensor] = [*project.steps.values(), *project.checks]
    items += [*project.resources.values(), *project.sensors.values()]
    for item in items:
        if any(name in names for name in _mentioned(item)):
            yield paths[item.function.module]


def _mentioned(item: Step | Check | Resource | Sensor) -> Iterator[str]:
    """Names without namespaces that parameters and keywords of a declaration mean, or could mean."""
    signature = item.signature
    for need in signature.dependencies:
        yield need.asset.rpartition(".")[2]
        if need.parameter is not None:
            yield need.parameter
    for use in signature.resources:
        yield use.resource
    for parameter in signature.config:
        yield parameter.name
    if isinstance(item, Check):
        yield item.asset.rpartition(".")[2]


def declaring(names: Set[Name], files: Mapping[str, FileFacts]) -> Iterator[str]:
    """Files that declare something of the same id as one of the declarations."""
    ids = {_address(name) for name in names}
    assets = {asset for name in names for asset in name.assets}
    for path, facts in files.items():
        if any(_address(name) in ids or not assets.isdisjoint(name.assets) for name in facts.names):
            yield path


def _address(name: Name) -> tuple[str, str]:
    """What no two declarations may have in common."""
    return "resource" if name.kind in RESOURCES else name.kind, name.id
