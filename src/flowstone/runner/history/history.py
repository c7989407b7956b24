"""Runs, their tasks and attempts: each change is written down and committed before anything is done about it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec.structs import asdict

from flowstone.errors import RunConflictError
from flowstone.runner.forecast import Forecast
from flowstone.runner.history.alive import bury, is_alive
from flowstone.runner.history.database import FILE_NAME, faults, open_database, transaction
from flowstone.runner.result import Result
from flowstone.runtime.reasons import Place, listed

KEPT_RUNS = 200
"""Runs that are remembered."""
FOLDER = "runs"
"""Where the locks of runs lie, in the state folder."""
Values = Sequence[Any] | Mapping[str, Any]
"""Of the placeholders of a statement: by their place, or by name."""
_BY_HAND = "wait until it has ended, or stop it by: kill {pid}"
_ATTEMPT = """
    INSERT INTO attempts (run, place, number, started_at, status, elapsed, failure) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET status = excluded.status, elapsed = excluded.elapsed, failure = excluded.failure
"""
_INTERRUPT = (
    """
    UPDATE tasks SET status = 'interrupted' WHERE run = :run AND status = 'waiting'
    AND place IN (SELECT place FROM attempts WHERE run = :run AND status = 'running')
    """,
    "UPDATE attempts SET status = 'interrupted' WHERE run = :run AND status = 'running'",
)
"""What is running when a run ends was interrupted."""
_OF_ATTEMPT = {"skipped": "reused", "waiting": "materialized"}
"""Of what is skipped no function was called; what waits is made, and kept aside."""
_TASK = "UPDATE tasks SET status = ?, elapsed = ?, rows = ?, size = ? WHERE run = ? AND place = ?"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known of a run before it begins."""

    id: str
    command: str
    """As a user calls it."""
    asked: dict[str, Any]
    """What it is to make, in JSON: from it the run can be resumed."""
    profile: str | None
    resumes: str | None = None
    """Id of the run that it goes on with."""


class History:
    """The database of one project. Used by one thread."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE_NAME
        self.locks = home / FOLDER
        self._connection = open_database(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def begin(self, beginning: Beginning, planned: Forecast) -> Journal:
        """Write a run down, unless another that lives makes the same. The lock of the run must be held.

        Errors: RunConflictError; StateError.
        """
        tasks = [(place, item.task) for place, item in enumerate(planned.expectations) if item.action != "reuse"]
        with faults(self.path), transaction(self._connection):
            self._bury_the_dead()
            self._demand_free(beginning.profile, ((task.step, task.partition) for _, task in tasks))
            number = self._insert(beginning, len(planned.expectations) - len(tasks))
            self._connection.executemany(
                "INSERT INTO tasks (run, place, step, partition, status) VALUES (?, ?, ?, ?, 'waiting')",
                [(number, place, task.step, task.partition) for place, task in tasks],
            )
            self._forget()
        return Journal(self, number)

    def _insert(self, beginning: Beginning, reused: int) -> int:
        cursor = self._connection.execute(
            """
            INSERT INTO runs (id, command, asked, profile, pid, status, started_at, reused, resumes)
            VALUES (?, ?, ?, ?, ?, 'running', ?, ?, ?)
            """,
            (
                beginning.id,
                beginning.command,
                json.dumps(beginning.asked),
                beginning.profile,
                os.getpid(),
                _now(),
                reused,
                beginning.resumes,
            ),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _bury_the_dead(self) -> None:
        """Runs that say that they run, and do not live any more, were interrupted."""
        for number, run_id in self._rows("SELECT number, id FROM runs WHERE status = 'running'"):
            if not is_alive(self.locks, run_id):
                self._interrupt(number)
                bury(self.locks, run_id)

    def _interrupt(self, number: int) -> None:
        self._connection.execute("UPDATE runs SET status = 'interrupted' WHERE number = ?", (number,))
        for statement in _INTERRUPT:
            self._connection.execute(statement, {"run": number})

    def _demand_free(self, profile: str | None, making: Iterable[Place]) -> None:
        """Errors: RunConflictError if a run that lives has something to make that is wanted."""
        others = self._rows(
            "SELECT number, id, pid, command FROM runs WHERE status = 'running' AND profile IS ?", (profile,)
        )
        wanted = set(making) if others else set()
        for number, run_id, pid, command in others:
            its = self._rows("SELECT step, partition FROM tasks WHERE run = ? AND status = 'waiting'", (number,))
            if both := [place for place in its if place in wanted]:
                raise RunConflictError(
                    f"run {run_id} (process {pid}: {command}) is making {listed(both)}", help=_BY_HAND.format(pid=pid)
                )

    def _forget(self) -> None:
        self._connection.execute(
            """
            DELETE FROM runs WHERE status != 'running'
            AND number <= (SELECT number FROM runs ORDER BY number DESC LIMIT 1 OFFSET ?)
            """,
            (KEPT_RUNS,),
        )

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What a question to the database gives. Errors: StateError."""
        with faults(self.path):
            return self._rows(statement, values)

    def write(self, statements: Iterable[tuple[str, Iterable[Values]]]) -> None:
        """Carry out statements, each for several rows of values, in one transaction. Errors: StateError."""
        with faults(self.path), transaction(self._connection):
            for statement, rows in statements:
                self._connection.executemany(statement, rows)


class Journal:
    """What happens in one run. What has ended is committed together with what begins next, or by ``flush``: before
    anything is done about it, and before the run waits. Errors of each: StateError.
    """

    def __init__(self, history: History, number: int) -> None:
        self._history = history
        self._number = number
        self._started: dict[tuple[int, int], str] = {}
        """When the attempts began that have not ended."""
        self._attempts: dict[tuple[int, int], tuple[Any, ...]] = {}
        """By place and number, what is to be written of each. One that has ended since is written once."""
        self._tasks: list[tuple[Any, ...]] = []

    def starting(self, place: int, attempt: int, *, keep: bool = True) -> None:
        """An attempt is about to begin; ``keep`` commits that with all that was before."""
        started = self._started[place, attempt] = _now()
        self._attempts[place, attempt] = (self._number, place, attempt, started, "running", None, None)
        if keep:
            self.flush()

    def ended(self, place: int, attempt: int, result: Result, *, final: bool) -> None:
        """An attempt has ended, or a task without any (0); ``final`` if no other follows."""
        if attempt:
            failure = None if result.failure is None else json.dumps(asdict(result.failure))
            started = self._started.pop((place, attempt))
            status = _OF_ATTEMPT.get(result.status, result.status)
            row = (self._number, place, attempt, started, status, result.elapsed, failure)
            self._attempts[place, attempt] = row
        if final:
            self._tasks.append((result.status, result.elapsed, result.rows, result.size, self._number, place))

    def skipped(self, places: Sequence[int]) -> None:
        """Tasks cannot run."""
        self._tasks += [("skipped", None, None, None, self._number, place) for place in places]

    def flush(self) -> None:
        """Commit what is not yet."""
        if self._attempts or self._tasks:
            self._write()

    def end(self, status: str) -> None:
        """The run is over: ``done``, ``failed`` or ``interrupted``."""
        text = "UPDATE runs SET status = ?, ended_at = ? WHERE number = ?"
        interrupted = ((statement, [{"run": self._number}]) for statement in _INTERRUPT)
        self._write((text, [(status, _now(), self._number)]), *interrupted)

    def _write(self, *more: tuple[str, Iterable[Values]]) -> None:
        self._history.write([(_ATTEMPT, self._attempts.values()), (_TASK, self._tasks), *more])
        self._attempts.clear()
        self._tasks.clear()


def _now() -> str:
    seconds, rest = divmod(time.time_ns() // 1_000_000, 1_000)
    return f"{_second(seconds)}.{rest:03}+00:00"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    """Many attempts begin in the same second, and writing a time takes long."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
