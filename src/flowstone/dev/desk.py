"""Decides what is started when: by clocks, by sensors, after updates. It waits for nothing and starts no process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Protocol

from flowstone.dev.clocks import Clocks
from flowstone.dev.follow import followed, is_any, keys_after
from flowstone.dev.questions import Waits
from flowstone.dev.starts import Offer, Start, Status
from flowstone.dev.store import Store
from flowstone.dev.told import Teller
from flowstone.ir.job import Job
from flowstone.ir.project import Project
from flowstone.ir.run_keys import closed_keys
from flowstone.ir.sensor import Sensor
from flowstone.runtime.reasons import Place
from flowstone.runtime.sensing import Look

LATER = 5.0
"""Seconds that a start waits that found somebody else at work."""
AGAIN = 60.0
"""Seconds that a start waits that could not begin, unless the project changes before."""
Made = Iterable[tuple[str, str | None]]
"""Assets with their partitions."""


class Hands(Protocol):
    """Carries out what the desk decides, and tells it later what came of it."""

    def look(self, sensor: Sensor, cursor: str | None) -> None:
        """Call the function of a sensor; ``Desk.looked`` or ``Desk.blind`` follows."""
        ...

    def run(self, start: Start) -> None:
        """Start a run; ``Desk.ended``, ``waits``, ``busy`` or ``unbegun`` follows."""
        ...


class Desk:
    """The decisions for one project. ``elapsed`` are seconds of a clock that nobody sets."""

    def __init__(
        self, store: Store, hands: Hands, tell: Teller, engine: str, questions: Callable[[], Collection[Place]]
    ) -> None:
        """``questions`` tells which assets and partitions wait for an answer from outside."""
        self._store = store
        self._hands = hands
        self._tell = tell
        self._clocks = Clocks(store, engine)
        self._waits = Waits(questions)
        self._project: Project | None = None
        self._jobs: dict[str, Job] = {}
        self._sensors: dict[str, Sensor] = {}
        self._next_look: dict[str, float] = {}
        self._looking: set[str] = set()
        self._waiting: list[Start] = []
        self._running: dict[str, Start] = {}
        self._not_before: dict[str, float] = {}

    # -- what there is ---------------------------------------------------------------------------------------------

    def take(self, project: Project, jobs: Collection[str], now: datetime, elapsed: float) -> None:
        """Go by this project from now on. Firings that were due before are not made up for."""
        self._project = project
        self._jobs = {name: job for name, job in project.jobs.items() if name in jobs}
        self._sensors = {name: item for name, item in project.sensors.items() if item.job in self._jobs}
        self._next_look = {
            name: min(self._next_look.get(name, elapsed), elapsed + item.every) for name, item in self._sensors.items()
        }
        self._clocks.take(self._jobs, now)
        self._not_before.clear()

    def recall(self, has_begun: Callable[[Start], bool]) -> list[Start]:
        """Take up what an earlier process has left.

        What was to be started and did not begin is started now, under the id that it has, unless it is of a job that
        others are to run. What has begun is returned.
        """
        assert self._project is not None
        known: list[Start] = []
        for start in self._store.unfinished():
            if has_begun(start):
                known.append(start)
            elif start.offer.job in self._jobs or start.offer.job not in self._project.jobs:
                self._waiting.append(start)
        return known

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, and nobody looks."""
        return not self._running and not self._looking

    # -- time goes by ----------------------------------------------------------------------------------------------

    def tick(self, now: datetime, elapsed: float) -> None:
        """Start what is due."""
        for name in self._jobs:
            self._fire(name, now)
        for name, sensor in self._sensors.items():
            if self._next_look[name] <= elapsed and name not in self._looking:
                self._looking.add(name)
                self._next_look[name] = elapsed + sensor.every
                self._hands.look(sensor, self._store.value(f"sensor {name}"))
        for start in self._waits.answered(elapsed):
            self._go_on(start)
        self._begin(elapsed)

    def wait(self, now: datetime, elapsed: float, longest: float) -> float:
        """Seconds until something may be due."""
        times = [(moment - now).total_seconds() for moment in self._clocks.next_moments() if moment > now]
        times += [at - elapsed for at in self._not_before.values()]
        times += [at - elapsed for name, at in self._next_look.items() if name not in self._looking]
        if (at := self._waits.next_look()) is not None:
            times.append(at - elapsed)
        return max(0.0, min([longest, *times]))

    def _fire(self, name: str, now: datetime) -> None:
        due = self._clocks.due(name, now)
        if due is None:
            return
        moment, last = due.moment.isoformat(), self._clocks.last(name)
        with self._store.together():
            self._clocks.pass_on(name, due.moment)
            offer = self._by_clock(self._jobs[name], due.moment)
            starts = [] if offer is None else self._store.offer([offer])
        if due.is_late:
            since = last.isoformat(timespec="seconds")
            self._tell("missed", f"{name}: what was to fire earlier, since {since}, was missed", job=name, since=since)
        if starts:
            self._tell("fires", f"{name}: fires for {moment}", job=name, moment=moment)
        self._waiting += starts

    def _by_clock(self, job: Job, moment: datetime) -> Offer | None:
        source = f"schedule {job.name}"
        if any(item.offer.source == source for item in self._waiting):
            self._tell("left out", f"{job.name}: an earlier firing still waits; this one is left out", job=job.name)
            return None
        assert self._project is not None
        closed = closed_keys(self._project, job.steps, moment)
        if any(not keys for keys in closed.values()):
            self._tell("left out", f"{job.name}: no period is over yet", job=job.name)
            return None
        return Offer(source, moment.isoformat(), job.name, tuple(key.text for keys in closed.values() for key in keys))

    def _begin(self, elapsed: float) -> None:
        """Start what waits, each once nothing runs that has to do with the same steps."""
        assert self._project is not None
        self._not_before = {run: at for run, at in self._not_before.items() if at > elapsed}
        taken = {step for item in self._running.values() for step in self._steps(item)}
        seen = {item.offer.job for item in self._running.values()}
        for start in list(self._waiting):
            if start.offer.job in seen:
                continue  # thousands may wait for one job
            steps = self._steps(start)
            if not steps:
                self._finish(start, f"{start.offer.job}: there is no such job any more, nothing is started")
            elif taken.isdisjoint(steps) and start.run not in self._not_before:
                self._waiting.remove(start)
                with self._store.together():
                    self._store.mark(start, "started")
                self._running[start.run] = start
                self._tell("starts", _begins(start), job=start.offer.job, run=start.run, keys=list(start.offer.keys))
                self._hands.run(start)
            else:
                seen.add(start.offer.job)
            taken |= steps  # those that came first are served first

    def _steps(self, start: Start) -> set[str]:
        assert self._project is not None
        job = self._project.jobs.get(start.offer.job)
        return set() if job is None else set(job.steps)

    def _finish(self, start: Start, text: str) -> None:
        self._waiting.remove(start)
        with self._store.together():
            self._store.mark(start, "failed")
        self._tell("ended", text, job=start.offer.job, run=start.run, status="failed")

    # -- what came of it -------------------------------------------------------------------------------------------

    def looked(self, name: str, look: Look) -> None:
        """A sensor has looked: what is new waits from now on, and the cursor is kept in the same breath."""
        self._looking.discard(name)
        sensor = self._sensors.get(name)
        if sensor is None:
            return
        offers = [Offer(f"sensor {name}", item.key, sensor.job, item.keys, item.config) for item in look.requests]
        with self._store.together():
            starts = self._store.offer(offers)
            if look.cursor is not None:
                self._store.keep(f"sensor {name}", look.cursor)
        for start in starts:
            key = start.offer.key
            self._tell("asks", f"{name}: asks for {start.offer.job} by {key!r}", sensor=name, key=key, run=start.run)
        self._waiting += starts

    def forget(self, name: str) -> None:
        """A look was stopped since nobody needs it any more."""
        self._looking.discard(name)

    def blind(self, name: str, reason: str) -> None:
        """A sensor could not look; the cursor stays, and it looks again when its time comes."""
        self._looking.discard(name)
        self._tell("sensor failed", f"{name}: {reason}", sensor=name, reason=reason)

    def busy(self, run: str, elapsed: float) -> None:
        """A run could not begin, since another one makes the same: it is tried again."""
        self._put_back(run, elapsed + LATER)

    def unbegun(self, run: str, elapsed: float) -> None:
        """A run could not begin, for a reason outside of it: a file that is being written, a missing variable.

        It is tried again, or the request of a sensor would be lost: its key does not come twice.
        """
        start = self._put_back(run, elapsed + AGAIN)
        again = f"it is tried again in {AGAIN:g} s, after a change of the project, and by the next flowstone dev"
        self._tell("waits", f"{start.offer.job}: did not begin; {again}", job=start.offer.job, run=run)

    def _put_back(self, run: str, not_before: float) -> Start:
        start = self._running.pop(run)
        self._not_before[run] = not_before
        self._waiting.insert(0, start)
        return start

    def waits(self, start: Start, places: frozenset[Place], made: Made, elapsed: float) -> None:
        """A run is over but for what waits for an answer at some places. It goes on when one has come, in another run.

        Until then the store takes it for one that was started, so that the next process waits on.
        """
        self._running.pop(start.run, None)
        if start.offer.job not in self._jobs:
            return
        with self._store.together():
            starts = self._store.offer(self._all_after(start, made))
        self._waits.add(start, places, elapsed)
        self._tell("unanswered", f"{start.offer.job}: goes on when it was answered", job=start.offer.job, run=start.run)
        self._waiting += starts

    def _go_on(self, start: Start) -> None:
        offer = Offer("answers", start.run, start.offer.job, start.offer.keys, start.offer.config)
        with self._store.together():
            self._store.mark(start, "interrupted")
            starts = self._store.offer([offer])
        self._tell("answered", f"{offer.job}: was answered", job=offer.job, run=start.run)
        self._waiting += starts

    def left(self, start: Start) -> None:
        """A run was stopped before it began: the next process starts it, under the same id."""
        self._running.pop(start.run, None)

    def ended(self, start: Start, status: str, made: Made) -> None:
        """A run is over: ``done``, ``failed`` or ``interrupted``. What follows what it has made waits from now on."""
        self._running.pop(start.run, None)
        final: Status = "done" if status == "done" else "interrupted" if status == "interrupted" else "failed"
        with self._store.together():
            self._store.mark(start, final)
            starts = self._store.offer(self._all_after(start, made))
        more = f"; to go on: flowstone run --resume {start.run}" if final == "interrupted" else ""
        self._tell("ended", f"{start.offer.job}: {final}{more}", job=start.offer.job, run=start.run, status=final)
        self._waiting += starts

    def _all_after(self, start: Start, made: Made) -> list[Offer]:
        return [offer for job in self._jobs.values() for offer in self._after(job, start.run, made)]

    def _after(self, job: Job, run: str, made: Made) -> Iterable[Offer]:
        assert self._project is not None
        assets = set(followed(self._project, job))
        found: dict[tuple[str, ...], Offer] = {}
        for asset, partition in made:
            keys = keys_after(self._project, job, asset, partition) if asset in assets else None
            if keys is None:
                continue
            text = " ".join(keys)
            there = self._store.add_update(job.name, text, asset)
            if is_any(job) or there >= assets:
                self._store.clear_updates(job.name, text)
                found[keys] = Offer(f"updates {job.name}", f"{run} {text}".rstrip(), job.name, keys)
        waiting = {item.offer.keys for item in self._waiting if item.offer.source == f"updates {job.name}"}
        return [offer for keys, offer in found.items() if keys not in waiting]


def _begins(start: Start) -> str:
    keys = f" for {', '.join(start.offer.keys)}" if start.offer.keys else ""
    return f"{start.offer.job}: run {start.run}{keys} ({start.offer.source})"
