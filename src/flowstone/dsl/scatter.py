"""One function run once for each item of an upstream value."""

from __future__ import annotations

from flowstone.dsl.frozen import dataclass
from flowstone.patterns import pattern

_RATE = pattern(r"(\d+(?:\.\d+)?)\s*/\s*(?:(\d+(?:\.\d+)?)\s*)?(s|m|h|d)")
_PERIODS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def interval(rate: str) -> float:
    """Seconds between two calls at a rate such as ``"10/s"``, ``"100/m"`` or ``"5/30s"``.

    Errors: ValueError for a text that is no rate, or a rate of nothing.
    """
    found = _RATE.fullmatch(rate.strip())
    number, period = (0.0, 0.0) if found is None else (float(found[1]), float(found[2] or 1) * _PERIODS[found[3]])
    if not (number and period):
        raise ValueError(f"rate_limit must be a rate such as '10/s', '100/m' or '5/30s', not {rate!r}")
    return period / number


@dataclass(frozen=True)
class Scatter:
    """Run the function once for each item. The asset's value is the list of the results, in the order of the items.

    Errors: ValueError for a number that is out of range.
    """

    over: str
    """Name of the asset whose value has the items (a list, or something that is stored as one), or of an
    ``@item_reader``."""
    as_: str
    """Name of the parameter that receives one item, or with ``batch_size`` a list of items."""
    max_concurrent: int = 1
    """How many items are worked on at once: in threads, or of an ``async`` function in one event loop."""
    failure_threshold: float = 0.0
    """Share of the items that may fail, from 0 to 1. They are left out of the list, and told in the record."""
    rate_limit: str | None = None
    """How many calls may begin in a time: ``"10/s"``, ``"100/m"``, ``"5/30s"``. They are spread evenly."""
    batch_size: int | None = None
    """The function receives a list of so many items at a time (of the last ones perhaps fewer) and returns a list of as
    many results."""

    def __post_init__(self) -> None:
        if isinstance(self.max_concurrent, bool) or self.max_concurrent < 1:
            raise ValueError(f"max_concurrent must be a whole number from 1, not {self.max_concurrent!r}")
        if not 0 <= self.failure_threshold <= 1:
            raise ValueError(f"failure_threshold must be between 0 and 1, not {self.failure_threshold!r}")
        if self.rate_limit is not None:
            interval(self.rate_limit)
        if self.batch_size is not None and (isinstance(self.batch_size, bool) or self.batch_size < 1):
            raise ValueError(f"batch_size must be a whole number from 1, not {self.batch_size!r}")
