"""Carries out what the desk decides, by processes, and tells it of what came of them: one loop, in one thread."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from flowstone.config.model import RunSettings
from flowstone.dev.desk import Desk
from flowstone.dev.processes import Child
from flowstone.dev.questions import Questions
from flowstone.dev.starts import Start
from flowstone.dev.told import Teller
from flowstone.ir.project import Project
from flowstone.ir.sensor import Sensor
from flowstone.runner.exits import EXIT_BUSY, EXIT_DONE, EXIT_REFUSED
from flowstone.runner.history.entries import find, places
from flowstone.runner.history.history import History
from flowstone.runner.interrupts import GRACE
from flowstone.runner.session import new_run_id
from flowstone.runtime.ending import ending
from flowstone.runtime.overrides import declared_parameters
from flowstone.runtime.parameters import to_text
from flowstone.runtime.reasons import Place
from flowstone.runtime.sensing import Look, Request

_MORE = 0.5
"""Seconds beyond those in which a run ends what it does, and between two tries to end it."""
LONGEST = 30.0
"""Seconds after which is looked again whether the clock was set, or the machine has slept."""


class Means(Struct, frozen=True):
    """What runs are carried out with."""

    home: Path
    root: Path
    run: RunSettings
    environment: Mapping[str, str]
    """Of the processes."""
    manifest: Callable[[Project, str | None], Path]
    """Writes the manifest of a project, under a name if it is for one run only."""
    as_json: bool


class Office:
    """The hands of a desk."""

    def __init__(self, means: Means, tell: Teller) -> None:
        self.means = means
        self.tell = tell
        self._project: Project | None = None
        self._manifest: Path | None = None
        """Of this project, once it was needed."""
        self._own: dict[str, Path] = {}
        """Those that are for one run only."""
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._children: dict[str, Child] = {}
        self._timers: dict[str, threading.Timer] = {}
        self.questions = Questions(means.home)
        self.desk: Desk | None = None
        self._is_closing = False

    def take(self, project: Project) -> None:
        """Run this project from now on."""
        self._project, self._manifest = project, None

    def later(self, event: Callable[[], None]) -> None:
        """Have something done by the loop; to be called from any thread."""
        self._events.put(event)

    # -- hands -----------------------------------------------------------------------------------------------------

    def look(self, sensor: Sensor, cursor: str | None) -> None:
        """Start the process of a look, which has so much time and no more."""
        assert self._project is not None
        name = f"sensor {sensor.name}"
        order = {"sensor": sensor.name, "cursor": cursor, "run_id": new_run_id()}
        manifest = str(self._of(self._project))
        late = threading.Event()

        def ended(code: int, answer: str) -> None:
            self.later(lambda: self._looked(sensor, code, answer, is_late=late.is_set()))

        def stop() -> None:
            late.set()
            child.kill()

        child = self._child("flowstone.runner.look", [manifest], order, sensor.name, ended, answers=True)
        self._children[name] = child
        timer = self._timers[name] = threading.Timer(sensor.timeout, stop)
        timer.daemon = True
        timer.start()

    def _looked(self, sensor: Sensor, code: int, answer: str, *, is_late: bool) -> None:
        self._children.pop(f"sensor {sensor.name}", None)
        self._timers.pop(f"sensor {sensor.name}").cancel()
        assert self.desk is not None
        found = _parsed(answer)
        if self._is_closing:
            self.desk.forget(sensor.name)
        elif is_late:
            self.desk.blind(sensor.name, f"took longer than {sensor.timeout:g} s and was stopped")
        elif found is None:
            self.desk.blind(sensor.name, f"its process {ending(code)}")
        elif "error" in found:
            self.desk.blind(sensor.name, found["error"])
        else:
            requests = tuple(Request(item["key"], tuple(item["keys"]), item["config"]) for item in found["requests"])
            self.desk.looked(sensor.name, Look(requests, found["cursor"]))

    def run(self, start: Start) -> None:
        """Start the process of a run. Its table of results is left out: there may be many runs."""
        assert self._project is not None
        project, offer, run = self._project, start.offer, self.means.run
        job = project.jobs[offer.job]
        declared = declared_parameters(project)
        order = {
            "manifest": str(self._with(start) if offer.config else self._of(project)),
            "steps": list(job.steps),
            "keys": list(offer.keys),
            "assignments": [
                f"{step}.{name}={to_text(declared.get(step, {}).get(name), value)}"
                for step, values in offer.config.items()
                for name, value in values.items()
            ],
            "executor": run.executor,
            "workers": run.workers if job.concurrency is None else min(run.workers, job.concurrency),
            "dask": run.dask,
            "ray": run.ray,
            "command": f"flowstone dev: {offer.source} {offer.key}",
            "run_id": start.run,
            "output_format": "jsonl" if self.means.as_json else "text",
        }

        def ended(code: int, _answer: str) -> None:
            self.later(lambda: self._ended(start, code))

        self._children[start.run] = self._child(
            "flowstone.runner.started", [], order, offer.job, ended, answers=not self.means.as_json
        )

    def _of(self, project: Project) -> Path:
        """The manifest of the project as it is: written once, not at each look, unless somebody has removed it."""
        if self._manifest is None or not self._manifest.exists():
            self._manifest = self.means.manifest(project, None)
        return self._manifest

    def _with(self, start: Start) -> Path:
        """The manifest of the project with values of a request. It is removed after the run: there may be many."""
        assert self._project is not None
        params = {owner: dict(values) for owner, values in self._project.params.items()}
        for step, values in start.offer.config.items():
            params.setdefault(step, {}).update(values)
        project = self._project.model_copy(update={"params": params})
        return self._own.setdefault(start.run, self.means.manifest(project, start.run))

    def _ended(self, start: Start, code: int) -> None:
        self._children.pop(start.run, None)
        if (own := self._own.pop(start.run, None)) is not None:
            own.unlink(missing_ok=True)
        assert self.desk is not None
        if code == EXIT_BUSY:
            self.desk.busy(start.run, time.monotonic())
            return
        status, made = self.came_to(start)
        if status is not None:
            self.over(start, status, made)
        elif self._is_closing:
            self.desk.left(start)
        elif code in (EXIT_DONE, EXIT_REFUSED):  # there is nothing to make, or never will be
            self.desk.ended(start, "done" if code == EXIT_DONE else "failed", made)
        else:
            self.desk.unbegun(start.run, time.monotonic())

    def over(self, start: Start, status: str, made: list[Place]) -> None:
        """A run that has begun is over, or waits."""
        assert self.desk is not None
        places = self._asked_by(start) if status == "interrupted" else None
        if places is None:
            self.desk.ended(start, status, made)
        else:
            self.desk.waits(start, places, made, time.monotonic())

    def _asked_by(self, start: Start) -> frozenset[Place] | None:
        """The places of a run at which it waits for an answer; None if it was interrupted."""
        assert self._project is not None
        with History(self.means.home) as history:
            entry = find(history, start.run)
            if any(entry.counts.get(state) for state in ("interrupted", "running")) or not entry.counts.get("waiting"):
                return None
            waiting = places(history, entry, ("waiting",))
        steps = self._project.steps
        found = {(asset, key) for step, key in waiting if step in steps for asset in steps[step].outputs.values()}
        return frozenset(found & self.questions.open())

    def came_to(self, start: Start) -> tuple[str | None, list[Place]]:
        """What became of a run, and which assets it has made; None if it did not begin."""
        assert self._project is not None
        with History(self.means.home) as history:
            if not history.rows("SELECT 1 FROM runs WHERE id = ?", (start.run,)):
                return None, []
            entry = find(history, start.run)
            done = places(history, entry, ("materialized",))
        steps = self._project.steps
        made = [(asset, key) for step, key in done if step in steps for asset in steps[step].outputs.values()]
        return entry.status, made

    def _child(
        self,
        module: str,
        arguments: list[str],
        order: Mapping[str, object],
        name: str,
        ended: Callable[[int, str], None],
        *,
        answers: bool = False,
    ) -> Child:
        def line(text: str) -> None:
            self.later(lambda: self._say(name, text.rstrip("\n")))

        return Child(module, arguments, order, self.means.environment, line, ended, answers=answers)

    def _say(self, name: str, text: str) -> None:
        found = _parsed(text) if self.means.as_json else None
        self.tell("output", f"{name} | {text}", of=name, line=text, **({} if found is None else {"data": found}))

    # -- the loop --------------------------------------------------------------------------------------------------

    def open(self, stopping: Callable[[], bool]) -> None:
        """Work until somebody wants it to stop, and then until nothing runs."""
        desk = self.desk
        assert desk is not None
        while not stopping():
            desk.tick(datetime.now(UTC), time.monotonic())
            self._handle(desk.wait(datetime.now(UTC), time.monotonic(), LONGEST))
        self._is_closing = True
        for name, child in list(self._children.items()):
            child.kill() if name in self._timers else child.ask_to_end()
        if not desk.is_idle:
            self.tell("stopping", "what runs may end now; Ctrl-C ends it at once")
        end = time.monotonic() + GRACE + _MORE
        while not desk.is_idle:
            if time.monotonic() >= end:
                self.kill()
            self._handle(max(_MORE, end - time.monotonic()))

    def kill(self) -> None:
        """End all processes at once."""
        for child in list(self._children.values()):
            child.kill()

    def _handle(self, seconds: float) -> None:
        """Do what has come meanwhile, or comes within so many seconds."""
        try:
            event = self._events.get(timeout=seconds)
            while True:
                event()
                event = self._events.get_nowait()
        except queue.Empty:
            return


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
