"""How long a run will still take, judged by what its functions have taken in it, and before that in earlier runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from flowstone.runner.plan import Task

Place = tuple[str, str | None]
"""Step and partition of a task."""


class Outlook:
    """Counts what is left to make. Times are seconds of one clock, which the caller reads."""

    def __init__(
        self, expected: Iterable[Task] = (), usual: Mapping[str, float] = MappingProxyType({}), began: float = 0.0
    ) -> None:
        """``expected`` are the tasks whose functions will be called, ``usual`` seconds that those of a step take."""
        self._left = Counter(task.step for task in expected)
        self._usual = usual
        self._began = began
        self._taken: dict[str, tuple[int, float]] = {}
        """By step: how many functions have ended, and their seconds."""
        self._since: dict[Place, float] = {}

    def since(self, task: Task) -> float | None:
        """When the function of a task was called; None if it does not run."""
        return self._since.get((task.step, task.partition))

    def started(self, task: Task, now: float) -> None:
        """A function is called."""
        self._since[task.step, task.partition] = now

    def paused(self, task: Task) -> None:
        """An attempt has ended, and another will follow."""
        self._since.pop((task.step, task.partition), None)

    def ended(self, task: Task, seconds: float | None) -> None:
        """A task has ended for good. ``seconds`` are those of its function, None if that was not called to the end."""
        self._since.pop((task.step, task.partition), None)
        if self._left[task.step] > 0:
            self._left[task.step] -= 1
        if seconds is not None:
            count, taken = self._taken.get(task.step, (0, 0.0))
            self._taken[task.step] = count + 1, taken + seconds

    def of_step(self, step: str) -> float | None:
        """Seconds that a function of a step takes; None if that is not known."""
        count, taken = self._taken.get(step, (0, 0.0))
        return taken / count if count else self._usual.get(step)

    def remaining(self, now: float) -> float | None:
        """Seconds until the run will have ended; None if nothing is known.

        What is not known of a step is taken for the mean of the others. That several functions run at once, and what it
        takes to start them, is judged by the time that has gone by for those that have ended.
        """
        known = {step: seconds for step in self._left if (seconds := self.of_step(step)) is not None}
        if not known:
            return None
        mean = sum(known.values()) / len(known)
        work = sum(count * known.get(step, mean) for step, count in self._left.items())
        running = [(now - since, known.get(step, mean)) for (step, _), since in self._since.items()]
        work -= sum(min(gone, whole) for gone, whole in running)
        return max(0.0, work) / self._at_once(now, sum(gone for gone, _ in running))

    def _at_once(self, now: float, running: float) -> float:
        """How many seconds of functions go by in a second."""
        ended = sum(seconds for _, seconds in self._taken.values())
        if not ended or now <= self._began:
            return max(1.0, len(self._since))
        return (ended + running) / (now - self._began)
