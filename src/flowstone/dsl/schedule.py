"""When a job runs: by the clock (``Cron``) or at a fixed distance (``Every``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flowstone.dsl.duration import Duration, seconds


@dataclass(frozen=True)
class Cron:
    """Run at the times of a five-field cron expression, or ``@hourly``, ``@daily``, ``@weekly``, ``@monthly``.

    Whether the expression and the zone are valid is judged by ``flowstone check``: this class imports nothing.
    """

    expression: str
    timezone: str | None = None
    """IANA name, such as ``"Europe/Berlin"``. It must be given: engines differ in their default."""
    kind: Literal["cron"] = "cron"


@dataclass(frozen=True)
class Every:
    """Run again and again with the given distance. Errors: ValueError for a distance of less than one second."""

    interval: Duration
    """Kept as seconds."""
    kind: Literal["every"] = "every"

    def __post_init__(self) -> None:
        length = seconds(self.interval)
        if length < 1:
            raise ValueError(f"an interval must be at least one second, not {self.interval!r}")
        object.__setattr__(self, "interval", length)


Schedule = Cron | Every
