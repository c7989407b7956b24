"""For which instants a schedule fires, by the rule of an engine; what was slept through is one firing."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile

from msgspec import Struct

from flowstone.checks.firings import ANCHOR, ENGINES
from flowstone.dsl.duration import seconds
from flowstone.dsl.schedule import ClockSchedule, Every


class Due(Struct, frozen=True):
    """An instant that has come."""

    moment: datetime
    missed: int
    """How many came before it, since the last one that was looked at."""


def due(schedule: ClockSchedule, last: datetime, now: datetime, engine: str) -> Due | None:
    """The last instant after ``last`` that has come; None if none has."""
    if isinstance(schedule, Every):
        length = timedelta(seconds=seconds(schedule.interval))
        before, count = (last - ANCHOR) // length, (now - ANCHOR) // length
        return Due(ANCHOR + count * length, count - before - 1) if count > before else None
    found = list(takewhile(lambda at: at <= now, ENGINES[engine](schedule, last)))
    return Due(found[-1], len(found) - 1) if found else None


def following(schedule: ClockSchedule, last: datetime, engine: str) -> datetime:
    """The first instant after ``last``."""
    if isinstance(schedule, Every):
        length = timedelta(seconds=seconds(schedule.interval))
        return ANCHOR + ((last - ANCHOR) // length + 1) * length
    return next(iter(ENGINES[engine](schedule, last)))
