"""References to secrets: ``{"env": "NAME"}`` stands for the value of an environment variable."""

from __future__ import annotations

from flowstone.ir.node import Json


def is_reference(value: Json) -> bool:
    """Whether a value stands for a secret."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("env"), str)
