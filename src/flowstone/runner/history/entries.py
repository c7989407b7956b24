"""What the history tells of runs that were."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flowstone.errors import StateError
from flowstone.runner.history.alive import is_alive
from flowstone.runner.history.history import History
from flowstone.runtime.reasons import Place

LAST = "last"
"""Stands for the id of the run that began last."""
Status = Literal["running", "done", "failed", "interrupted"]
TASK_STATES = ("materialized", "reused", "failed", "skipped", "interrupted", "running", "waiting")
RESULTS: Mapping[str, tuple[str, ...]] = {
    "materialized": ("materialized",),
    "failed": ("failed",),
    "skipped": ("skipped",),
    "interrupted": ("interrupted", "running", "waiting"),
}
"""What tasks came to, as selectors say it, with the states that mean it once the run is over."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One run."""

    number: int
    id: str
    command: str
    asked: dict[str, Any]
    profile: str | None
    pid: int
    status: Status
    """``running`` only if its process lives."""
    started_at: str
    ended_at: str | None
    resumes: str | None
    counts: dict[str, int]
    """Tasks by their state; ``reused`` counts those that were known to be up to date before, too."""


def entries(history: History, limit: int | None = None) -> list[Entry]:
    """The last runs, newest first. Errors: StateError."""
    return _entries(history, "ORDER BY number DESC LIMIT ?", (-1 if limit is None else limit,))


def find(history: History, name: str) -> Entry:
    """A run by its id, by a beginning of it that no other has, or ``last``. Errors: StateError if there is none."""
    if name == LAST:
        found = entries(history, 1)
        if not found:
            raise StateError("there was no run yet")
        return found[0]
    found = _entries(history, "WHERE substr(id, 1, ?) = ? ORDER BY id = ? DESC LIMIT 2", (len(name), name, name))
    if not found:
        raise StateError(f"there is no run {name!r}", help="flowstone runs lists them")
    if len(found) > 1 and found[0].id != name:
        raise StateError(f"several runs begin with {name!r}", help="flowstone runs lists them")
    return found[0]


def made(history: History, entry: Entry) -> frozenset[Place]:
    """What a run has made, and the runs that it went on with. Errors: StateError."""
    runs = chain(history, entry)
    return frozenset(place for item in runs for place in places(history, item, ("materialized",)))


def chain(history: History, entry: Entry) -> list[Entry]:
    """A run, and those that it went on with, the last one first. Errors: StateError."""
    found = [entry]
    while (earlier := found[-1].resumes) is not None and (before := _entries(history, "WHERE id = ?", (earlier,))):
        found.append(before[0])
    return found


def places(history: History, entry: Entry, states: Collection[str]) -> list[Place]:
    """The tasks of a run that ended in one of some states. Errors: StateError."""
    marks = ", ".join("?" * len(states))
    text = f"SELECT step, partition FROM tasks WHERE run = ? AND status IN ({marks}) ORDER BY place"  # noqa: S608
    return [(step, partition) for step, partition in history.rows(text, (entry.number, *states))]


def last_states(history: History, profile: str | None) -> dict[Place, str]:
    """How each task of any run of a profile ended the last time. Errors: StateError."""
    text = """
        SELECT step, partition, tasks.status FROM tasks JOIN runs ON runs.number = tasks.run
        WHERE profile IS ? ORDER BY tasks.run
    """
    return {(step, partition): status for step, partition, status in history.rows(text, (profile,))}


def failures(history: History, profile: str | None) -> frozenset[Place]:
    """The tasks of a profile that failed the last time, in whichever run that was. Errors: StateError."""
    text = """
        SELECT step, partition FROM (
            SELECT step, partition, tasks.status AS status, max(run) FROM tasks JOIN runs ON runs.number = tasks.run
            WHERE profile IS ? GROUP BY step, partition
        ) WHERE status = 'failed'
    """
    return frozenset((step, partition) for step, partition in history.rows(text, (profile,)))


def _entries(history: History, rest: str, values: tuple[Any, ...]) -> list[Entry]:
    columns = "number, id, command, asked, profile, pid, status, started_at, ended_at, resumes, reused"
    rows = history.rows(f"SELECT {columns} FROM runs {rest}", values)  # noqa: S608 - our own text
    return [_entry(history, row) for row in rows]


def _entry(history: History, row: tuple[Any, ...]) -> Entry:
    number, run_id, command, asked, profile, pid, status, started_at, ended_at, resumes, reused = row
    if status == "running" and not is_alive(history.locks, run_id):
        status = "interrupted"
    counts = dict(history.rows("SELECT status, count(*) FROM tasks WHERE run = ? GROUP BY status", (number,)))
    counts["reused"] = counts.get("reused", 0) + reused
    if status != "running":
        counts["interrupted"] = counts.get("interrupted", 0) + counts.pop("running", 0)
    return Entry(
        number,
        run_id,
        command,
        json.loads(asked),
        profile,
        pid,
        status,
        started_at,
        ended_at,
        resumes,
        {state: counts[state] for state in TASK_STATES if counts.get(state)},
    )
