"""How long things took in earlier runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from statistics import median

from flowstone.runner.history.history import History

SAMPLES = 10
"""As many of the last times are looked at."""
ENOUGH = 3
"""From so many times on something is usual."""
_RUNS = 50
"""Runs back in which they are looked for."""


class Past:
    """What is usual for the steps of a run, and for runs like it. Used by the thread of the history."""

    def __init__(self, history: History, run_id: str, profile: str | None, steps: Sequence[str]) -> None:
        self._history = history
        self._run_id = run_id
        self._profile = profile
        self._steps = list(steps)
        self._known: dict[str, float | None] = {}

    def of_step(self, step: str) -> float | None:
        """The median of the last times of a step that made something, whatever the partition; None if there are few.

        Errors: StateError.
        """
        if step not in self._known:
            self._known[step] = self._usual_of(step)
        return self._known[step]

    def of_steps(self) -> dict[str, float]:
        """The mean of the last times of each step, however few there are: enough to guess by.

        Errors: StateError.
        """
        rows = self._history.rows(
            """
            SELECT step, avg(elapsed) FROM tasks JOIN (
                SELECT number FROM runs WHERE profile IS ? AND id != ? ORDER BY number DESC LIMIT ?
            ) ON number = run
            WHERE tasks.status = 'materialized' GROUP BY step
            """,
            (self._profile, self._run_id, SAMPLES),
        )
        return dict(rows)

    def of_run(self) -> float | None:
        """The median of the last runs of the same steps that had as much to make; None if there are few.

        Errors: StateError.
        """
        rows = self._history.rows(
            """
            SELECT started_at, ended_at, asked FROM runs WHERE status = 'done' AND profile IS ? AND
            (SELECT count(*) FROM tasks WHERE run = runs.number) =
            (SELECT count(*) FROM tasks JOIN runs AS this ON this.number = tasks.run WHERE this.id = ?)
            ORDER BY number DESC LIMIT ?
            """,
            (self._profile, self._run_id, _RUNS),
        )
        alike = [row for row in rows if json.loads(row[2]).get("steps") == self._steps]
        return _usual([_between(start, end) for start, end, _ in alike[:SAMPLES]])

    def _usual_of(self, step: str) -> float | None:
        rows = self._history.rows(
            """
            SELECT elapsed FROM (
                SELECT run, place, elapsed FROM tasks JOIN (
                    SELECT number FROM runs WHERE profile IS ? AND id != ? ORDER BY number DESC LIMIT ?
                ) ON number = run
                WHERE step = ? AND tasks.status = 'materialized'
            ) ORDER BY run DESC, place DESC LIMIT ?
            """,
            (self._profile, self._run_id, _RUNS, step, SAMPLES),
        )
        return _usual([elapsed for (elapsed,) in rows])


def _usual(times: Sequence[float]) -> float | None:
    return median(times) if len(times) >= ENOUGH else None


def _between(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
