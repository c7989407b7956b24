"""A job: a selection of assets that run together on a schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flowstone.dsl.frozen import dataclass
from flowstone.dsl.schedule import Schedule


@dataclass(frozen=True)
class Job:
    """Assets that run together. One job becomes one generated file.

    ``select`` and ``exclude`` are selectors: ``name``, ``+name``, ``name+``, ``2+name``, ``tag:x``, ``group:x``,
    ``path:x``; a blank between two is their union, a comma their intersection.
    """

    name: str
    select: str = "*"
    exclude: str | None = None
    schedule: Schedule | None = None
    description: str | None = None
    tags: Sequence[str] | Mapping[str, str] = ()
    owners: Sequence[str] = ()
    concurrency: int | None = None
    """How many of its functions run at once in one run of the job; None: as many as the engine starts.

    Errors: ValueError for a number below 1.
    """

    def __post_init__(self) -> None:
        number = self.concurrency
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
            raise ValueError(f"concurrency must be a whole number from 1, not {number!r}")
