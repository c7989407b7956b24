"""One function run once for each item of an upstream value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scatter:
    """Run the function once for each item. The asset's value is the list of the results, in the order of the items.

    Errors: ValueError for a number that is out of range.
    """

    over: str
    """Name of the asset whose value has the items: a list, or something that is stored as one."""
    as_: str
    """Name of the parameter that receives one item."""
    max_concurrent: int = 1
    """How many items are worked on at once: in threads, or of an ``async`` function in one event loop."""
    failure_threshold: float = 0.0
    """Share of the items that may fail, from 0 to 1. They are left out of the list, and told in the record."""

    def __post_init__(self) -> None:
        if isinstance(self.max_concurrent, bool) or self.max_concurrent < 1:
            raise ValueError(f"max_concurrent must be a whole number from 1, not {self.max_concurrent!r}")
        if not 0 <= self.failure_threshold <= 1:
            raise ValueError(f"failure_threshold must be between 0 and 1, not {self.failure_threshold!r}")
