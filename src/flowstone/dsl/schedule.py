"""When a job runs: by the clock (``Cron``), at a fixed distance (``Every``), or after others (``OnUpdate``)."""

from __future__ import annotations

from typing import Literal

from flowstone.dsl.duration import Duration, seconds
from flowstone.dsl.frozen import dataclass


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


@dataclass(frozen=True)
class OnUpdate:
    """Run after assets of other jobs were made: once each of them has been made anew since the last run.

    Errors: ValueError for no asset, or one that is named twice.
    """

    assets: tuple[str, ...]
    when: Literal["all", "any"] = "all"
    """``any``: run whenever one of them was made."""
    kind: Literal["update"] = "update"

    def __init__(self, *assets: str, when: Literal["all", "any"] = "all", kind: Literal["update"] = "update") -> None:
        if len(assets) == 1 and isinstance(assets[0], tuple | list):  # the form in which the IR holds it
            assets = tuple(assets[0])
        if not assets:
            raise ValueError("it needs the name of at least one asset")
        for place, asset in enumerate(assets):
            if asset in assets[:place]:
                raise ValueError(f"the asset {asset!r} is given twice")
        object.__setattr__(self, "assets", assets)
        object.__setattr__(self, "when", when)
        object.__setattr__(self, "kind", kind)


ClockSchedule = Cron | Every
Schedule = ClockSchedule | OnUpdate
