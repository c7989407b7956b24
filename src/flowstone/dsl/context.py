"""What a function learns about the run that it is part of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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

    def add_metadata(self, values: Mapping[str, Any]) -> None:
        """Keep JSON values in the materialization record of the asset that is being made."""
        self.metadata.update(values)
