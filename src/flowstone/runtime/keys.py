"""Which keys of a producer a consumer's key reads: ``dsl.mappings.select_keys`` with a short way for the usual case."""

from __future__ import annotations

from flowstone.dsl.mappings import KeySelection, select_keys
from flowstone.dsl.partitions import PartitionKey, Partitions
from flowstone.ir.function import Dependency

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
