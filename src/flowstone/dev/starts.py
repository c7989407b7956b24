"""What is to be started, and what has become of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from flowstone.ir.node import Json

Status = Literal["waiting", "started", "done", "failed", "interrupted"]
Config = Mapping[str, Mapping[str, Json]]
"""Values of config parameters by step, then by parameter."""


class Offer(Struct, frozen=True):
    """A run that somebody wants."""

    source: str
    """``schedule JOB``, ``sensor NAME`` or ``updates JOB``."""
    key: str
    """What it is for: the instant, the request's key, the run that has made what it follows. Each starts once."""
    job: str
    keys: tuple[str, ...] = ()
    """Of the partitions to make."""
    config: Config = field(default_factory=dict)


class Start(Struct, frozen=True):
    """An offer that was taken: it is carried out once, under an id that it has from the beginning."""

    number: int
    offer: Offer
    run: str
    status: Status
