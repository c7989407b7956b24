"""Notices what takes much longer than it usually does, while it still runs."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from flowstone.runner.plan import Plan, Task

FACTOR = 2.0
"""So many times what is usual is slow,"""
MARGIN = 5.0
"""and so many seconds more than what is usual: of what is quick, nobody has to know."""


class Usual(Protocol):
    """What is known of earlier runs. Errors of each: StateError."""

    def of_step(self, step: str) -> float | None:
        """Seconds that a step usually takes."""
        ...

    def of_run(self) -> float | None:
        """Seconds that such a run usually takes."""
        ...


Tell = Callable[[Task | None, float, float], None]
"""Told of a task, or of the run: how many seconds it has taken, and how many are usual."""


def limit(usual: float) -> float:
    """Seconds from which on something is slow."""
    return max(FACTOR * usual, usual + MARGIN)


class Pace:
    """Which tasks run, and since when. What is usual is asked for only if something takes longer than ``MARGIN``."""

    def __init__(self, plan: Plan, usual: Usual, tell: Tell) -> None:
        self._plan = plan
        self._usual = usual
        self._tell = tell
        self._began = time.monotonic()
        self._run_check: float | None = self._began + MARGIN
        """When the run is to be looked at; None if it need not be any more."""
        self._since: dict[int, float] = {}
        self._young: deque[tuple[float, int]] = deque()
        """Beginnings in the order of time, of what was not looked at yet."""
        self._late: list[tuple[float, float, int]] = []
        """When a task becomes slow, when it began, and its place."""

    def started(self, place: int) -> None:
        """An attempt begins."""
        now = self._since[place] = time.monotonic()
        self._young.append((now, place))

    def ended(self, place: int) -> None:
        """An attempt has ended: one that kept the thread busy that would have looked is told of now."""
        now = time.monotonic()
        since = self._since.pop(place, now)
        if now - since > MARGIN:
            self._since[place] = since
            self.look()
            del self._since[place]

    def look(self) -> None:
        """Tell of what has become slow. Errors: StateError."""
        now = time.monotonic()
        while self._young and self._young[0][0] + MARGIN < now:
            since, place = self._young.popleft()
            if self._since.get(place) == since:
                usual = self._usual.of_step(self._plan.tasks[place].step)
                if usual is not None:
                    heapq.heappush(self._late, (since + limit(usual), since, place))
        while self._late and self._late[0][0] < now:
            _, since, place = heapq.heappop(self._late)
            usual = self._usual.of_step(self._plan.tasks[place].step)
            if self._since.get(place) == since and usual is not None:
                self._tell(self._plan.tasks[place], now - since, usual)
        if self._run_check is not None and self._run_check < now:
            self._look_at_run(now)

    def _look_at_run(self, now: float) -> None:
        usual = self._usual.of_run()
        if usual is None:
            self._run_check = None
        elif now > self._began + limit(usual):
            self._run_check = None
            self._tell(None, now - self._began, usual)
        else:
            self._run_check = self._began + limit(usual)
