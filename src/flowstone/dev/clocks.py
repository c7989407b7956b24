"""The schedules of jobs: which instant each waits for. None fires twice, whatever is done to the machine's clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from flowstone.dev.store import Store
from flowstone.dev.timetable import Due, due, following
from flowstone.dsl.schedule import ClockSchedule, OnUpdate
from flowstone.ir.job import Job


class Clocks:
    """What the clocks of some jobs have come to."""

    def __init__(self, store: Store, engine: str) -> None:
        self._store = store
        self._engine = engine
        self._schedules: dict[str, ClockSchedule] = {}
        self._last: dict[str, datetime] = {}
        """Instants up to which each job has fired, or up to which nothing is made up for."""

    def take(self, jobs: Mapping[str, Job], now: datetime) -> None:
        """Go by the schedules of these jobs. One that is the same as before waits for what it waited for."""
        before, last = self._schedules, self._last
        self._schedules = {
            name: job.schedule
            for name, job in jobs.items()
            if job.schedule is not None and not isinstance(job.schedule, OnUpdate)
        }
        self._last = {
            name: last[name] if before.get(name) == schedule else max(now, self._store.moment(name) or now)
            for name, schedule in self._schedules.items()
        }

    def due(self, job: str, now: datetime) -> Due | None:
        """The instant for which a job is to fire."""
        schedule = self._schedules.get(job)
        return None if schedule is None else due(schedule, self._last[job], now, self._engine)

    def last(self, job: str) -> datetime:
        """The instant up to which it has fired, or up to which nothing is made up for."""
        return self._last[job]

    def pass_on(self, job: str, moment: datetime) -> None:
        """The job has fired for an instant."""
        self._last[job] = moment
        self._store.keep(f"schedule {job}", moment.isoformat())

    def next_moments(self) -> Iterator[datetime]:
        """What each job waits for."""
        return (following(item, self._last[name], self._engine) for name, item in self._schedules.items())
