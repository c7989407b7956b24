"""Partitions whose periods lie between the ticks of a cron expression."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from flowstone.dsl.calendar_partitions import TimePartitions
from flowstone.dsl.frozen import dataclass


@dataclass(frozen=True)
class CronPartitions(TimePartitions):
    """One partition from each tick of a cron expression to the next: ``CronPartitions("0 6 * * 1-5", start=...)``.

    Ticks are times of the clock on the wall: one that is skipped when clocks are put forward does not come, and one
    that comes twice counts once.
    Errors: ValueError as for the other periods. Whether the expression can be read is judged by ``flowstone check``.
    """

    cron: str = ""
    """Five fields, or a name such as ``@daily``."""
    kind: Literal["cron"] = "cron"
    grain = 4
    is_of_calendar = False
    key_format = "%Y-%m-%dT%H%M"

    def __init__(
        self,
        cron: str,
        start: str | date,
        end: str | date | None = None,
        timezone: str = "UTC",
        kind: Literal["cron"] = "cron",
    ) -> None:
        for name, value in (("cron", cron), ("start", start), ("end", end), ("timezone", timezone), ("kind", kind)):
            object.__setattr__(self, name, value)
        self.__post_init__()

    def _floor(self, instant: datetime) -> datetime:
        wall = instant.replace(tzinfo=None, fold=0, second=0, microsecond=0) + timedelta(minutes=1)
        if instant.fold:  # ticks that were after it on the wall have been before it
            wall += (instant.replace(fold=0).utcoffset() or timedelta()) - (instant.utcoffset() or timedelta())
        while True:
            wall = _tick(self.cron, self.zone, wall, -1)
            if wall.replace(tzinfo=self.zone).astimezone(UTC) <= instant.astimezone(UTC):
                return wall.replace(tzinfo=self.zone)

    def _step(self, start: datetime, count: int) -> datetime:
        wall = start.replace(tzinfo=None, fold=0)
        for _ in range(abs(count)):
            wall = _tick(self.cron, self.zone, wall, 1 if count > 0 else -1)
        return wall.replace(tzinfo=self.zone)


@lru_cache(maxsize=4096)
def _tick(cron: str, zone: ZoneInfo, wall: datetime, direction: int) -> datetime:
    """The next tick after, or the last one before, a time on the wall; one that the zone skips does not count.

    Errors: ValueError for an expression that cannot be read, or without any further tick.
    """
    from croniter import croniter  # only where there are such partitions

    ticks = croniter(cron, wall)
    while True:
        found: datetime = ticks.get_next(datetime) if direction > 0 else ticks.get_prev(datetime)
        if found.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == found:
            return found
