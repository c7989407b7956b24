"""A job: a selection of assets that run together on a schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
