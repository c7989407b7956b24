"""What a check returns when a bare bool says too little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CheckResult:
    """Outcome of a check, with figures worth keeping."""

    passed: bool
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """JSON values that are kept in the materialization record."""
