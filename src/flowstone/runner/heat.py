"""A map of partitions: rows of cells, one for each period of the calendar or key, with what is known of each.

What would take more rows than fit is told by coarser periods: a cell then stands for many partitions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flowstone.dsl.partitions import (
    DailyPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    MultiPartitions,
    PartitionKey,
    Partitions,
    SinglePartitions,
    TimePartitions,
    WeeklyPartitions,
)

STATES: Mapping[str, str] = {
    "current": "#",
    "outdated": "o",
    "failed": "x",
    "damaged": "!",
    "left out": "/",
    "missing": "-",
}
"""What a partition can be, with its letter."""
WIDTH = 60
"""Cells in a row of what has no calendar."""

_Place = tuple[str, int]
"""Label of the row, and column."""
_Places = Callable[[datetime], _Place]


@dataclass(slots=True)
class Cell:
    """The partitions that one place of the map stands for."""

    counts: Counter[str] = field(default_factory=Counter)
    """How many there are of each state."""

    @property
    def share(self) -> float:
        """How much of it is up to date, from 0 to 1. What is left out by a route does not count."""
        total = self.counts.total() - self.counts["left out"]
        return self.counts["current"] / total if total else 1.0

    @property
    def worst(self) -> str:
        """The state that has to be seen."""
        return next(state for state in ("damaged", "failed", "outdated", "missing", *STATES) if self.counts[state])

    @property
    def letter(self) -> str:
        """The letter of the state; of partitions in several states the tenths that are up to date."""
        if len(self.counts) == 1:
            return STATES[self.worst]
        return str(int(self.share * 10))


Row = tuple[str, list[Cell | None]]
"""Label and cells; None where the calendar has no partition."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The map of one asset."""

    rows: list[Row]
    left: int = 0
    """Rows that are left out since there are too many."""


def heat_map(definition: Partitions, states: Iterable[tuple[PartitionKey, str]], most: int | None) -> HeatMap:
    """The map of partitions in their order, with the state of each, in at most so many rows."""
    known = list(states)
    found: list[Row] = []
    for level in _levels(definition, len(known), most):
        found = _rows(definition, known, level)
        if most is None or len(found) <= most:
            return HeatMap(found)
    return HeatMap(found[:most], len(found) - (most or 0))


def _levels(definition: Partitions, count: int, most: int | None) -> Sequence[_Places | int]:
    """Ways to place keys, the finest first: by the calendar, or so many of a row in one cell."""
    axis = _axis(definition)[1]
    if isinstance(axis, HourlyPartitions):
        return (_hour, _day, _month)
    if isinstance(axis, DailyPartitions):
        return (_day, _month)
    if isinstance(axis, WeeklyPartitions):
        return (_week,)
    if isinstance(axis, MonthlyPartitions):
        return (_month,)
    return (1, 1 if most is None else math.ceil(count / (WIDTH * most)) or 1)


def _rows(definition: Partitions, states: Sequence[tuple[PartitionKey, str]], level: _Places | int) -> list[Row]:
    rows: dict[str, dict[int, Cell]] = {}
    seen: Counter[str] = Counter()
    starts: dict[tuple[str, int], str] = {}
    for key, state in states:
        outer, inner = _split(definition, key)
        if isinstance(level, int):
            line, column = divmod(seen[outer] // level, WIDTH)
            seen[outer] += 1
            label = starts.setdefault((outer, line), inner.key)
        else:
            assert inner.start is not None
            label, column = level(inner.start)
        name = f"{outer} {label}" if outer else label
        rows.setdefault(name, {}).setdefault(column, Cell()).counts[state] += 1
    return [(name, [cells.get(column) for column in range(max(cells) + 1)]) for name, cells in rows.items()]


def _axis(definition: Partitions) -> tuple[str, SinglePartitions]:
    """The dimension that is laid out from left to right, with its name: that of periods, else the last."""
    if not isinstance(definition, MultiPartitions):
        return "", definition
    times = [(name, axis) for name, axis in definition.by_name.items() if isinstance(axis, TimePartitions)]
    return times[0] if times else list(definition.by_name.items())[-1]


def _split(definition: Partitions, key: PartitionKey) -> tuple[str, PartitionKey]:
    """What stands before the row's label, and the key of the dimension from left to right."""
    if not key.parts:
        return "", key
    name, _ = _axis(definition)
    return " ".join(part.key for other, part in key.parts if other != name), dict(key.parts)[name]


def _hour(start: datetime) -> _Place:
    return f"{start:%Y-%m-%d}", start.hour


def _day(start: datetime) -> _Place:
    return f"{start:%Y-%m}", start.day - 1


def _week(start: datetime) -> _Place:
    year, week, _ = start.isocalendar()
    return f"{year}", week - 1


def _month(start: datetime) -> _Place:
    return f"{start:%Y}", start.month - 1
