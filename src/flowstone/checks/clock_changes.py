"""Times on the wall that do not come, or come twice, when clocks are put forward or back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

_FIRST, _LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
"""The years that are looked at. They are not counted from today: a finding must not depend on when it is looked for."""
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


class ClockChange(Struct, frozen=True):
    """A stretch of local time, without zone, that is skipped or comes twice."""

    start: datetime
    end: datetime
    """Not part of it."""
    skipped: bool


@lru_cache(maxsize=64)
def clock_changes(zone: str) -> tuple[ClockChange, ...]:
    """The changes of some years in a zone, in order. Errors: those of ``ZoneInfo`` for an unknown one."""
    return tuple(changes_between(ZoneInfo(zone), _FIRST, _LAST))


def changes_between(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[ClockChange]:
    """The changes from one instant to another, in order."""
    instant, before = first, _offset(first, zone)
    while instant < last:
        after = _offset(instant + _DAY, zone)
        if after != before:
            moment = _moment(instant, instant + _DAY, zone)
            ends = sorted((moment + before, moment + after))
            yield ClockChange(ends[0].replace(tzinfo=None), ends[1].replace(tzinfo=None), skipped=after > before)
        instant, before = instant + _DAY, after


def _moment(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The minute within a day at which the offset becomes that of the day's end."""
    after = _offset(high, zone)
    while high - low > _MINUTE:
        middle = low + timedelta(minutes=(high - low) // _MINUTE // 2)
        if _offset(middle, zone) == after:
            high = middle
        else:
            low = middle
    return high


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
