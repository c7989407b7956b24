"""The registries of dynamic partitions that a project uses, and the project with their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from flowstone.dsl.partitions import (
    MAX_KEY_LENGTH,
    DynamicPartitions,
    MultiPartitions,
    PartitionKey,
    Partitions,
    TimePartitions,
    axes,
    with_keys,
)
from flowstone.ir.asset import Asset, Step
from flowstone.ir.project import Project

T = TypeVar("T", Step, Asset)


def registries_of(definition: Partitions | None) -> tuple[str, ...]:
    """Names of the registries that hold keys of a definition."""
    return tuple(axis.name for axis in axes(definition) if isinstance(axis, DynamicPartitions))


def is_told_by_registries(definition: Partitions | None) -> bool:
    """Whether registries, and what is written down beside them, tell all keys of a definition: it has no periods."""
    return bool(registries_of(definition)) and not any(isinstance(axis, TimePartitions) for axis in axes(definition))


def users_of(project: Project, registry: str) -> list[Step]:
    """The steps whose partitions have keys of a registry."""
    return [step for step in project.steps.values() if registry in registries_of(step.partitions)]


def room_for(project: Project, registry: str) -> int:
    """How long the text of a key may be, so that it and its combinations are keys wherever it is used."""
    found = (step.partitions for step in users_of(project, registry))
    rooms = (item.room for item in found if isinstance(item, MultiPartitions))
    return min(rooms, default=MAX_KEY_LENGTH)


def needed_registries(project: Project, steps: Iterable[str]) -> list[str]:
    """Names of the registries that have keys of what the steps make or read, or of what reads them."""
    chosen = tuple(steps)
    around = (item for step in chosen for item in (*project.upstream[step], *project.downstream[step]))
    definitions = {project.steps[step].partitions for step in (*chosen, *around)}
    return sorted({name for definition in definitions for name in registries_of(definition)})


def with_registries(project: Project, keys: Mapping[str, Sequence[PartitionKey]]) -> Project:
    """The project with the keys that its registries have, by their names; of others nothing is known."""
    if not keys:
        return project
    steps = {name: _with_keys(step, keys) for name, step in project.steps.items()}
    assets = {name: _with_keys(asset, keys) for name, asset in project.assets.items()}
    values = {name: getattr(project, name) for name in Project.model_fields}
    return Project.model_construct(**{**values, "steps": steps, "assets": assets})


def _with_keys(item: T, keys: Mapping[str, Sequence[PartitionKey]]) -> T:
    if not registries_of(item.partitions):
        return item
    assert item.partitions is not None
    return item.model_copy(update={"partitions": with_keys(item.partitions, keys)})
