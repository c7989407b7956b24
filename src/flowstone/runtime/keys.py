"""Which keys of a producer a consumer's key reads: ``dsl.mappings.select_keys`` with a short way for the usual case."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from flowstone.dsl.mappings import KeySelection, select_keys
from flowstone.dsl.partitions import PartitionKey, PartitionKeyError, Partitions
from flowstone.ir.asset import Asset
from flowstone.ir.function import Dependency
from flowstone.runtime.registry import current
from flowstone.runtime.workspace import Workspace

WHOLE = KeySelection((None,), many=False)
"""The one value of an unpartitioned asset."""


def selection(
    consumer: Partitions | None, producer: Partitions | None, dependency: Dependency, key: PartitionKey | None
) -> KeySelection:
    """The keys that are read. Errors: as ``select_keys``."""
    if dependency.mapping is None:
        if producer is None:
            return WHOLE
        if producer is consumer or producer == consumer:
            return KeySelection((key,), many=False)
    return select_keys(consumer, producer, dependency.mapping, key)


def known_keys(
    workspace: Workspace, asset: Asset, texts: Iterable[str | None], selected: KeySelection
) -> list[PartitionKey]:
    """The wanted keys among texts of partitions that belong to the asset's definition, in the order of time."""
    assert asset.partitions is not None
    definition = current(workspace, asset.partitions)
    parse = partial(workspace.key, definition) if definition is asset.partitions else definition.parse
    found = []
    for text in texts:
        if text is not None:
            try:
                key = parse(text)
            except PartitionKeyError:
                continue  # stored when the definition was another one, or the registry had the key
            if selected.wants(key):
                found.append(key)
    return sorted(found, key=lambda key: (key.start.timestamp() if key.start else 0.0, key.text))
