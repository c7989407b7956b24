"""What a function learns about the run that it is part of."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowstone.dsl.dynamic_partitions import DynamicPartitions, written_key
from flowstone.dsl.partitions import PartitionKey


@dataclass(frozen=True)
class Context:
    """The run as an asset, check or resource sees it. A unit test makes one by hand: ``Context(asset="orders")``."""

    asset: str = ""
    """Id of the asset that is being made."""
    partition: PartitionKey | None = None
    """The partition that is being made; None for an unpartitioned asset."""
    run_id: str = ""
    engine: str = "local"
    """``airflow``, ``prefect`` or ``local``."""
    attempt: int = 1
    """1 for the first attempt, 2 for the first retry, and so on."""
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("flowstone"))
    metadata: dict[str, Any] = field(default_factory=dict)
    """What is put here (JSON values) is kept in the materialization record."""

    added_partitions: dict[str, list[str]] = field(default_factory=dict)
    """The keys that ``add_partitions`` was given, by the registry."""

    def add_partitions(self, registry: str | DynamicPartitions, keys: Iterable[str]) -> None:
        """Add keys to a registry of dynamic partitions, once the value of the asset that is being made is published.

        A key that is there already stays as it is. If the function fails or a blocking check does, nothing is added.
        Errors: ValueError for what cannot be a key, or the name of a registry.
        """
        if isinstance(keys, str):
            raise ValueError(f"add_partitions takes a list of keys, not the text {keys!r}")
        name = registry.name if isinstance(registry, DynamicPartitions) else DynamicPartitions(registry).name
        given = list(keys)
        for key in given:
            if not isinstance(key, str):
                raise ValueError(f"a key must be a text, not {key!r}")
            written_key(key)
        self.added_partitions[name] = list(dict.fromkeys([*self.added_partitions.get(name, ()), *given]))

    def add_metadata(self, values: Mapping[str, Any]) -> None:
        """Keep JSON values in the materialization record of the asset that is being made."""
        self.metadata.update(values)
