"""Partitions of many dimensions, seen from one of them, and those whose keys are in registries."""

from __future__ import annotations

from flowstone.dsl.partitions import MultiPartitions, Partitions, TimePartitions
from flowstone.runtime.inputs import stored_value
from flowstone.runtime.registry import current
from flowstone.runtime.workspace import Workspace


def keys_within(definition: Partitions, text: str | None) -> list[str]:
    """All keys that belong to one of the only dimension with periods; all that there are if there is none.

    Errors: PartitionKeyError if the text is no key of it.
    """
    if text is None or not isinstance(definition, MultiPartitions):
        return [key.text for key in definition.keys()]  # noqa: SIM118 - no mapping
    keys = {
        name: (item.parse(text),) if isinstance(item, TimePartitions) else tuple(item.keys())
        for name, item in definition.by_name.items()
    }
    return [key.text for key in definition.product(keys)]


def missing_beside(workspace: Workspace, asset: str, dimension: str, text: str) -> tuple[str, str | None]:
    """The key of one dimension of a partition, and one with the same key that is not stored, if there is any.

    Only the other dimensions whose keys are known are gone through; those with periods are never complete.
    """
    found = workspace.project.assets[asset]
    assert isinstance(found.partitions, MultiPartitions)
    own = workspace.key(found.partitions, text).dimensions
    if not isinstance(found.partitions.by_name[dimension], TimePartitions):
        return own[dimension].text, None
    definition = current(workspace, found.partitions)
    assert isinstance(definition, MultiPartitions)
    keys = {
        name: (own[name],) if isinstance(item, TimePartitions) else tuple(item.keys())
        for name, item in definition.by_name.items()
    }
    missing = (key.text for key in definition.product(keys) if stored_value(workspace, asset, key) is None)
    return own[dimension].text, next(missing, None)
