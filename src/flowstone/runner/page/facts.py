"""What a page tells of a run, as the history has it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flowstone.runner.history.entries import Entry
from flowstone.runner.history.history import History


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to run a task. Times are seconds since the run began."""

    step: str
    partition: str | None
    number: int
    status: str
    start: float
    end: float
    failure: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """``daily 2024-01-01``, from the second attempt on with its number."""
        name = self.step if self.partition is None else f"{self.step} {self.partition}"
        return name if self.number == 1 else f"{name}, attempt {self.number}"


@dataclass(frozen=True, slots=True)
class StepFacts:
    """All tasks of one step together."""

    step: str
    counts: Mapping[str, int]
    """Tasks by their state."""
    elapsed: float
    rows: int | None
    size: int

    @property
    def worst(self) -> str:
        """The state that has to be seen."""
        order = ("failed", "interrupted", "skipped", "running", "waiting", "materialized", "reused")
        return next((state for state in order if self.counts.get(state)), "reused")


@dataclass(frozen=True, slots=True)
class Facts:
    """One run."""

    project: str
    entry: Entry
    elapsed: float
    """Seconds; up to now if it still runs, up to the last sign of life if it was interrupted."""
    attempts: Sequence[Attempt]
    """In the order in which they began."""
    steps: Sequence[StepFacts]
    """In the order in which they come in the run."""
    needs: Mapping[str, Sequence[str]]
    """The steps of the run that each of them needs, as the project is now."""


def read_facts(
    history: History, entry: Entry, project: str, needs: Mapping[str, Sequence[str]], now: datetime
) -> Facts:
    """Read a run. ``needs`` are all needs of the project. Errors: StateError."""
    began = datetime.fromisoformat(entry.started_at)
    rows = history.rows(
        """
        SELECT step, partition, item.number, item.status, item.started_at, item.elapsed, item.failure
        FROM all_attempts AS item JOIN tasks USING (run, place) WHERE run = ? ORDER BY item.started_at, place
        """,
        (entry.number,),
    )
    still = (now - began).total_seconds() if entry.status == "running" else None
    attempts = [_attempt(row, began, still) for row in rows]
    ended = (datetime.fromisoformat(entry.ended_at) - began).total_seconds() if entry.ended_at else still
    last = max((attempt.end for attempt in attempts), default=0.0)
    steps = _steps(history, entry)
    asked = {*(item.step for item in steps), *entry.asked.get("steps", ())}
    kept = {step: tuple(need for need in needs.get(step, ()) if need in asked) for step in sorted(asked)}
    return Facts(project, entry, last if ended is None else ended, attempts, steps, kept)


def _attempt(row: tuple[Any, ...], began: datetime, still: float | None) -> Attempt:
    step, partition, number, status, started_at, elapsed, failure = row
    start = max(0.0, (datetime.fromisoformat(started_at) - began).total_seconds())
    if elapsed is None:
        elapsed = 0.0 if still is None else max(0.0, still - start)
        status = "running" if still is not None else "interrupted"
    return Attempt(
        step, partition, number, status, start, start + elapsed, None if failure is None else json.loads(failure)
    )


def _steps(history: History, entry: Entry) -> list[StepFacts]:
    rows = history.rows(
        """
        SELECT step, CASE status WHEN 'running' THEN ? ELSE status END AS state, count(*), total(elapsed), sum(rows),
        total(size), min(place) FROM tasks WHERE run = ? GROUP BY step, state ORDER BY min(place)
        """,
        ("running" if entry.status == "running" else "interrupted", entry.number),
    )
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return [
        StepFacts(
            step,
            {status: count for _, status, count, *_ in states},
            sum(row[3] for row in states),
            sum(known) if (known := [row[4] for row in states if row[4] is not None]) else None,
            int(sum(row[5] for row in states)),
        )
        for step, states in found.items()
    ]
