"""Static partitions, and those by the periods of the calendar."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from flowstone.dsl.frozen import dataclass
from flowstone.dsl.partition_key import MAX_KEY_LENGTH, PartitionKey, PartitionKeyError, escape, unescape


class Definition(ABC):
    """What every definition can do."""

    kind: str

    @abstractmethod
    def parse(self, text: str) -> PartitionKey:
        """The key with this canonical text. Errors: PartitionKeyError if there is none in this definition."""

    @abstractmethod
    def keys(self, until: datetime | None = None) -> Iterator[PartitionKey]:
        """All keys in order; for an open time window those whose period ends at or before ``until``."""


@dataclass(frozen=True)
class StaticPartitions(Definition):
    """A fixed set of keys in the given order.

    Errors: ValueError for no key, an empty key, a key twice, keys that differ only by case (they would share a file on
    some systems), or a key whose canonical text is longer than 200 characters.
    """

    values: tuple[str, ...]
    kind: Literal["static"] = "static"

    def __init__(self, *values: str, kind: Literal["static"] = "static") -> None:
        if len(values) == 1 and isinstance(values[0], tuple | list):  # the form in which the IR holds it
            values = tuple(values[0])
        if not values:
            raise ValueError("static partitions need at least one key")
        seen: dict[str, str] = {}
        for value in values:
            if not isinstance(value, str):
                raise ValueError(f"a static key must be a text, not {value!r}")
            text = escape(value)
            if not value:
                raise ValueError("a static key cannot be empty")
            if len(text) > MAX_KEY_LENGTH:
                raise ValueError(
                    f"the key {value[:40]!r}... is too long: {len(text)} characters, at most {MAX_KEY_LENGTH}"
                )
            other = seen.get(text.casefold())
            if other is not None:
                how = "is given twice" if other == value else f"differs from {other!r} only by case"
                raise ValueError(f"the key {value!r} {how}")
            seen[text.casefold()] = value
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "kind", kind)

    def parse(self, text: str) -> PartitionKey:
        key = unescape(text) if text not in self.values else text
        if key not in self.values:
            more = f" and {len(self.values) - 10} more" if len(self.values) > 10 else ""
            raise PartitionKeyError(f"{key!r} is not one of {', '.join(map(repr, self.values[:10]))}{more}")
        return PartitionKey(text=escape(key), key=key)

    def keys(self, until: datetime | None = None) -> Iterator[PartitionKey]:
        return (PartitionKey(text=escape(value), key=value) for value in self.values)


@dataclass(frozen=True)
class TimePartitions(Definition):
    """Periods of the calendar from ``start`` up to, not including, ``end`` (open if None) in a time zone.

    Errors: ValueError for a date that cannot be read, or an end that is not after the start. Whether the zone exists is
    judged by ``flowstone check``.
    """

    start: str | date
    """First period: an ISO date or date and hour, kept as text."""
    end: str | date | None = None
    timezone: str = "UTC"

    grain: ClassVar[int]
    """Orders the kinds from fine to coarse."""
    is_of_calendar: ClassVar[bool] = True
    """Finer periods make up coarser ones."""
    key_format: ClassVar[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self._normal(self.start))
        if self.end is not None:
            object.__setattr__(self, "end", self._normal(self.end))
            if str(self.end) <= str(self.start):
                raise ValueError(f"the end {self.end} is not after the start {self.start}")

    @staticmethod
    def _normal(value: str | date) -> str:
        if isinstance(value, str):
            try:
                text = f"{value}-01" if re.fullmatch(r"\d{4}-\d{2}", value) else value
                value = datetime.fromisoformat(text)
            except ValueError:
                raise ValueError(f"{value!r} is not a date; write for example '2024-01-31'") from None
        if not isinstance(value, date):
            raise ValueError(f"{value!r} is not a date; write for example '2024-01-31'")
        if isinstance(value, datetime):
            if value.tzinfo is not None:
                raise ValueError(f"{value.isoformat()!r} carries an offset; give the zone by timezone= instead")
            return value.isoformat(timespec="minutes")
        return datetime.combine(value, time()).isoformat(timespec="minutes")

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def window(self) -> tuple[datetime, datetime | None]:
        """First and last instant of the definition, in its zone."""
        start = datetime.fromisoformat(str(self.start)).replace(tzinfo=self.zone)
        end = None if self.end is None else datetime.fromisoformat(str(self.end)).replace(tzinfo=self.zone)
        return start, end

    @abstractmethod
    def _floor(self, instant: datetime) -> datetime:
        """Start of the period that holds the instant (given in the definition's zone)."""

    @abstractmethod
    def _step(self, start: datetime, count: int) -> datetime:
        """Start of the period ``count`` periods after the one that starts at ``start``."""

    def _key(self, start: datetime) -> PartitionKey:
        text = start.strftime(self.key_format)
        return PartitionKey(text=text, key=text, start=start, end=self._step(start, 1))

    def _inside(self, start: datetime) -> bool:
        first, last = self.window
        return start >= first and (last is None or _utc(self._step(start, 1)) <= _utc(last))

    def parse(self, text: str) -> PartitionKey:
        try:
            naive = datetime.strptime(text, self.key_format)
        except ValueError:
            raise PartitionKeyError(f"{text!r} is not a {self.kind} key; {self._example()} is one") from None
        start = naive.astimezone(self.zone) if naive.tzinfo else naive.replace(tzinfo=self.zone)
        key = self._key(self._floor(start))
        if key.text != text:
            raise PartitionKeyError(f"{text!r} is not a {self.kind} key; did you mean {key.text}?")
        if not self._inside(self._floor(start)):
            until = "" if self.end is None else f" to {self.end} (not included)"
            raise PartitionKeyError(f"{text} lies outside the partitions from {self.start}{until}")
        return key

    def _example(self) -> str:
        return self._key(self._floor(self.window[0])).text

    def first(self) -> PartitionKey:
        """The first key: that of the first whole period at or after ``start``."""
        start = self._floor(self.window[0])
        if start < self.window[0]:
            start = self._step(start, 1)
        return self._key(start)

    def keys(self, until: datetime | None = None) -> Iterator[PartitionKey]:
        """Errors: ValueError if the window is open and ``until`` is not given."""
        ends = [_utc(end) for end in (self.window[1], until) if end is not None]
        if not ends:
            raise ValueError("the partitions have no end; say until when")
        key = self.first()
        while key.start is not None and key.end is not None and _utc(key.end) <= min(ends):
            yield key
            key = self._key(self._step(key.start, 1))

    def at(self, instant: datetime) -> PartitionKey | None:
        """The key whose period holds the instant, or None outside the window."""
        start = self._floor(instant.astimezone(self.zone))
        return self._key(start) if self._inside(start) else None

    def last_closed(self, instant: datetime) -> PartitionKey | None:
        """The key of the last period that ended at or before the instant, or None if there is none yet."""
        start = self._step(self._floor(instant.astimezone(self.zone)), -1)
        return self._key(start) if self._inside(start) else None

    def shift(self, key: PartitionKey, count: int) -> PartitionKey | None:
        """The key ``count`` periods later (earlier if negative), or None outside the window."""
        assert key.start is not None
        start = self._step(key.start, count)
        return self._key(start) if self._inside(start) else None

    def within(self, start: datetime, end: datetime) -> tuple[PartitionKey, ...]:
        """The keys whose whole period lies between two instants, in order."""
        first = self._floor(start.astimezone(self.zone))
        found = []
        while _utc(self._step(first, 1)) <= _utc(end):
            if _utc(first) >= _utc(start) and self._inside(first):
                found.append(self._key(first))
            first = self._step(first, 1)
        return tuple(found)

    def between(self, first: str, last: str) -> tuple[PartitionKey, ...]:
        """The keys from one text to another, both included. Errors: PartitionKeyError; ValueError if reversed."""
        start, end = self.parse(first), self.parse(last)
        assert start.start is not None and start.end is not None and end.start is not None and end.end is not None
        if _utc(start.start) > _utc(end.start):
            raise ValueError(f"{first} comes after {last}")
        return self.within(start.start, end.end)


def _utc(instant: datetime) -> datetime:
    """For comparisons: datetimes of one zone compare by the clock on the wall, which jumps."""
    return instant.astimezone(UTC)


@dataclass(frozen=True)
class HourlyPartitions(TimePartitions):
    """One partition an hour."""

    kind: Literal["hourly"] = "hourly"
    grain = 0
    key_format = "%Y-%m-%dT%H"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.timezone != "UTC":
            object.__setattr__(self, "key_format", "%Y-%m-%dT%H%z")

    def _floor(self, instant: datetime) -> datetime:
        return instant.replace(minute=0, second=0, microsecond=0)

    def _step(self, start: datetime, count: int) -> datetime:
        return (start.astimezone(UTC) + timedelta(hours=count)).astimezone(self.zone)


@dataclass(frozen=True)
class DailyPartitions(TimePartitions):
    """One partition a day, from midnight to midnight in the zone."""

    kind: Literal["daily"] = "daily"
    grain = 1
    key_format = "%Y-%m-%d"

    def _floor(self, instant: datetime) -> datetime:
        return datetime.combine(instant.date(), time(), tzinfo=self.zone)

    def _step(self, start: datetime, count: int) -> datetime:
        return datetime.combine(start.date() + timedelta(days=count), time(), tzinfo=self.zone)


@dataclass(frozen=True)
class WeeklyPartitions(TimePartitions):
    """One partition a week, from Monday to Monday in the zone; the key is the Monday."""

    kind: Literal["weekly"] = "weekly"
    grain = 2
    key_format = "%Y-%m-%d"

    def _floor(self, instant: datetime) -> datetime:
        day = instant.date()
        return datetime.combine(day - timedelta(days=day.weekday()), time(), tzinfo=self.zone)

    def _step(self, start: datetime, count: int) -> datetime:
        return datetime.combine(start.date() + timedelta(weeks=count), time(), tzinfo=self.zone)


@dataclass(frozen=True)
class MonthlyPartitions(TimePartitions):
    """One partition a calendar month in the zone."""

    kind: Literal["monthly"] = "monthly"
    grain = 3
    key_format = "%Y-%m"

    def _floor(self, instant: datetime) -> datetime:
        return datetime.combine(instant.date().replace(day=1), time(), tzinfo=self.zone)

    def _step(self, start: datetime, count: int) -> datetime:
        months = start.year * 12 + start.month - 1 + count
        return datetime.combine(date(months // 12, months % 12 + 1, 1), time(), tzinfo=self.zone)
