"""For which instants a schedule fires, by the rule of an engine; what was slept through is one firing."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile

from msgspec import Struct

from flowstone.checks.firings import ANCHOR, ENGINES
from flowstone.dsl.duration import seconds
from flowstone.dsl.schedule import ClockSchedule, Cron, Every

_SETTLED = timedelta(hours=3)
"""Whoever begins to count while clocks are changed may take other instants than who comes from before; no longer."""
_SHORTEST = timedelta(hours=4)


class Due(Struct, frozen=True):
    """An instant that has come."""

    moment: datetime
    is_late: bool
    """Whether others came before it, since the last one that was looked at."""


def due(schedule: ClockSchedule, last: datetime, now: datetime, engine: str) -> Due | None:
    """The last instant after ``last`` that has come; None if none has."""
    first = following(schedule, last, engine)
    if first > now:
        return None
    if isinstance(schedule, Every):
        length = timedelta(seconds=seconds(schedule.interval))
        moment = ANCHOR + (now - ANCHOR) // length * length
    else:
        moment = _latest(schedule, last, now, engine)
    return Due(moment, moment > first)


def _latest(schedule: Cron, last: datetime, now: datetime, engine: str) -> datetime:
    """The last instant up to now, of which it is known that there is one.

    It is looked for backwards, in longer and longer stretches: a month holds 43,200 minutes.
    """
    stretch = _SHORTEST
    while True:
        start = max(last, now - stretch)
        found = list(takewhile(lambda at: at <= now, ENGINES[engine](schedule, start)))
        if found and (start == last or found[-1] > start + _SETTLED):
            return found[-1]
        stretch *= 4


def following(schedule: ClockSchedule, last: datetime, engine: str) -> datetime:
    """The first instant after ``last``."""
    if isinstance(schedule, Every):
        length = timedelta(seconds=seconds(schedule.interval))
        return ANCHOR + ((last - ANCHOR) // length + 1) * length
    return next(iter(ENGINES[engine](schedule, last)))
