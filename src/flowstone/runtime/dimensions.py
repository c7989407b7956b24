"""Partitions of many dimensions, seen from one of them."""

from __future__ import annotations

from flowstone.dsl.partitions import MultiPartitions, Partitions, StaticPartitions
from flowstone.runtime.inputs import stored_value
from flowstone.runtime.workspace import Workspace


def keys_within(definition: Partitions | None, text: str) -> list[str]:
    """All keys that belong to one of the only dimension with periods. Errors: PartitionKeyError if that is none."""
    assert isinstance(definition, MultiPartitions)
    keys = {
        name: tuple(item.keys()) if isinstance(item, StaticPartitions) else (item.parse(text),)
        for name, item in definition.by_name.items()
    }
    return [key.text for key in definition.product(keys)]


def missing_beside(workspace: Workspace, asset: str, dimension: str, text: str) -> tuple[str, str | None]:
    """The key of one dimension of a partition, and one with the same key that is not stored, if there is any.

    Only the other dimensions whose keys are written down are gone through; those with periods are never complete.
    """
    found = workspace.project.assets[asset]
    definition = found.partitions
    assert isinstance(definition, MultiPartitions)
    own = workspace.key(definition, text).dimensions
    if isinstance(definition.by_name[dimension], StaticPartitions):
        return own[dimension].text, None
    keys = {
        name: tuple(item.keys()) if isinstance(item, StaticPartitions) else (own[name],)
        for name, item in definition.by_name.items()
    }
    missing = (key.text for key in definition.product(keys) if stored_value(workspace, found, key) is None)
    return own[dimension].text, next(missing, None)
