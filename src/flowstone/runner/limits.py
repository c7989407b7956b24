"""Tasks that wait until a limit on how many functions run at once lets them."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flowstone.errors import ConfigurationError
from flowstone.ir.project import Project
from flowstone.runner.plan import Plan
from flowstone.runner.slots import Slots

PATIENCE = 0.2
"""Seconds after which slots that another process holds are tried again."""


class Limits:
    """Which tasks of a plan may start, and which wait. They begin in the order of the plan."""

    def __init__(self, project: Project, plan: Plan, folder: Path | None, note: Callable[[str], None]) -> None:
        """``folder`` is that of the slots. Errors: ConfigurationError for a limit that there is not."""
        limited = {step.id: step.concurrency for step in project.marked["concurrency"]}
        self._named = {step: name for step in plan.steps if limited and (name := limited.get(step)) is not None}
        for step, name in self._named.items():
            if name not in project.concurrency:
                raise ConfigurationError(f"{step}: there is no limit {name!r}")
        self.apply = bool(self._named)
        """Whether there is anything to wait for: of most runs nothing need be asked."""
        self._sizes = project.concurrency
        self._slots = Slots(project.concurrency, folder, project.profile)
        self._note = note
        self._told: set[str] = set()
        self._waiting: dict[str, list[int]] = {name: [] for name in self._named.values()}
        self._let: set[int] = set()
        """Tasks that have waited and have a slot now."""
        self._given_back: set[str] = set()
        self._tried = 0.0

    @property
    def holds_back(self) -> bool:
        """Whether any task waits."""
        return any(self._waiting.values())

    def lets(self, place: int, step: str) -> bool:
        """Whether a task may start; if not, it waits, and ``freed`` tells of it. Errors: StateError."""
        name = self._named.get(step)
        if name is None:
            return True
        if place in self._let:
            self._let.discard(place)
            return True
        if not self._waiting[name] and self._slots.take(name):
            return True
        heapq.heappush(self._waiting[name], place)
        if name not in self._told and self._slots.others_hold(name):
            self._told.add(name)
            self._note(f"waiting for another run, which makes use of the limit {name} ({self._sizes[name]})")
        return False

    def ended(self, step: str) -> None:
        """A task that was let to start has ended, or its attempt."""
        if (name := self._named.get(step)) is not None:
            self._slots.give(name)
            self._given_back.add(name)

    def freed(self) -> Iterator[int]:
        """Tasks that have waited and may start now. Errors: StateError."""
        now = time.monotonic()
        if now - self._tried > PATIENCE:
            self._tried = now
            self._given_back.update(self._waiting)
        for name in self._given_back:
            waiting = self._waiting[name]
            while waiting and self._slots.take(name):
                place = heapq.heappop(waiting)
                self._let.add(place)
                yield place
        self._given_back.clear()

    def close(self) -> None:
        """Give back all slots."""
        self._slots.close()
