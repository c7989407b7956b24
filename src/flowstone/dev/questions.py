"""What runs have asked somebody outside, and what was answered: by the logs in the state folder, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from flowstone.dev.starts import Start
from flowstone.runtime.decisions import Decisions
from flowstone.runtime.reasons import Place
from flowstone.runtime.signals import open_signals

POLL = 10.0
"""Seconds between two looks, as on Prefect."""


class Questions:
    """The questions of one project. Errors: StorageError if a log cannot be read."""

    def __init__(self, home: Path) -> None:
        self._decisions = Decisions(home)
        self._signals = open_signals(home)

    def open(self) -> set[Place]:
        """The assets and partitions that wait for an approval or a signal, and whose time is not over."""
        asked = {place for place, item in self._decisions.last().items() if item.event == "asked" and not item.is_over}
        waits = [talk.wait for talk in self._signals.open() if talk.sent is None]
        return asked | {wait.place for wait in waits if wait is not None and not wait.is_over}


class Waits:
    """Runs that are over, and that go on once one of their questions was answered."""

    def __init__(self, questions: Callable[[], Collection[Place]]) -> None:
        self._questions = questions
        self._asked: dict[str, tuple[Start, frozenset[Place]]] = {}
        self._next = 0.0

    def add(self, start: Start, places: frozenset[Place], elapsed: float) -> None:
        """A run waits. Without places, somebody has answered in the moment in which it ended."""
        self._asked[start.run] = start, places
        self._next = elapsed if not places else min(max(self._next, elapsed), elapsed + POLL)

    def answered(self, elapsed: float) -> list[Start]:
        """Runs that can go on. They are told once."""
        if not self._asked or elapsed < self._next:
            return []
        self._next = elapsed + POLL
        still = set(self._questions())
        found = [start for start, places in self._asked.values() if not places or not places <= still]
        for start in found:
            del self._asked[start.run]
        return found

    def next_look(self) -> float | None:
        """When is looked again; None if nothing waits."""
        return self._next if self._asked else None
