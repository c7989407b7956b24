"""When schedules start runs, as each engine reads them: on days when clocks are changed the engines differ.

Each engine goes by times on the wall. Of a time that does not come, or comes twice, Airflow takes a later instant and
Prefect an earlier one; of what runs every hour Airflow takes both. ``tests/engines`` compares this with the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from msgspec import Struct

from flowstone.checks.clock_changes import ClockChange, changes_between
from flowstone.dsl.duration import seconds
from flowstone.dsl.schedule import ClockSchedule, Cron, Every

ANCHOR = datetime(2000, 1, 1, tzinfo=UTC)
"""What intervals are counted from on Prefect; on Airflow they are counted from the last run."""


class Firing(Struct, frozen=True):
    """A run that is started."""

    at: datetime
    """In the schedule's zone."""
    engines: tuple[str, ...]
    change: ClockChange | None = None
    """The change of the clocks because of which the engines differ, or the time on the wall comes twice."""


def next_firings(schedule: ClockSchedule, after: datetime, count: int) -> tuple[Firing, ...]:
    """The next runs after an instant. Errors: ValueError for a cron expression that cannot be read."""
    if isinstance(schedule, Every):
        return tuple(Firing(at, ("prefect",)) for at in islice(_every(schedule, after), count))
    zone = ZoneInfo(schedule.timezone or "UTC")
    of_engines = {name: tuple(islice(find(schedule, after), count)) for name, find in ENGINES.items()}
    instants = sorted({at for found in of_engines.values() for at in found})[:count]
    if not instants:
        return ()
    changes = tuple(changes_between(zone, instants[0] - timedelta(days=2), instants[-1] + timedelta(days=2)))
    return tuple(_firing(at, zone, of_engines, changes) for at in instants)


def _firing(
    at: datetime, zone: ZoneInfo, of_engines: Mapping[str, tuple[datetime, ...]], changes: tuple[ClockChange, ...]
) -> Firing:
    engines = tuple(name for name, found in of_engines.items() if at in found)
    wall = at.astimezone(zone).replace(tzinfo=None, fold=0)
    differ = len(engines) < len(of_engines)
    near = (item for item in changes if _is_in(wall, item) or (differ and item.start.date() == wall.date()))
    return Firing(at.astimezone(zone), engines, next(near, None))


def _is_in(wall: datetime, change: ClockChange) -> bool:
    return change.start <= wall < change.end


def _every(schedule: Every, after: datetime) -> Iterator[datetime]:
    length = timedelta(seconds=seconds(schedule.interval))
    at = ANCHOR + ((after - ANCHOR) // length + 1) * length
    while True:
        yield at
        at += length


def on_airflow(schedule: Cron, after: datetime) -> Iterator[datetime]:
    """The instants at which Airflow starts runs: each from the one before, by the clock on the wall."""
    zone, every_hour = ZoneInfo(schedule.timezone or "UTC"), _is_every_hour(schedule.expression)
    at = after
    while True:
        wall = at.astimezone(zone).replace(tzinfo=None, fold=0)
        following = next(_walls(schedule, wall))
        at = at + (following - wall) if every_hour else _later(following, zone)
        yield at.astimezone(UTC)


def on_prefect(schedule: Cron, after: datetime) -> Iterator[datetime]:
    """The instants at which Prefect starts runs, with Python up to 3.12: each time on the wall once."""
    zone = ZoneInfo(schedule.timezone or "UTC")
    last = after
    for wall in _walls(schedule, after.astimezone(zone).replace(tzinfo=None, fold=0)):
        at = _earlier(wall, zone)
        if at > last:
            last = at
            yield at


ENGINES: Mapping[str, Callable[[Cron, datetime], Iterator[datetime]]] = {"airflow": on_airflow, "prefect": on_prefect}


def _later(wall: datetime, zone: ZoneInfo) -> datetime:
    """The second time, or what the clock shows instead of a time that does not come."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return max(first, second)


def _earlier(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first time, or as long before a change as a time that does not come would be behind it."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return min(first, second)


def _walls(schedule: Cron, after: datetime) -> Iterator[datetime]:
    from croniter import croniter  # only where there is a schedule

    times = croniter(schedule.expression, after)
    while True:
        yield times.get_next(datetime)


def _is_every_hour(expression: str) -> bool:
    from croniter import croniter  # only where there is a schedule

    found: list[list[object]] = croniter(expression).expanded
    return found[1] == ["*"]
