"""Runs, their tasks and attempts: each change is written down and committed before anything is done about it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from flowstone.runner.plan import Task
from flowstone.runner.result import Result
from flowstone.runtime.reasons import Place, listed

KEPT_RUNS = 200
"""Runs that are remembered."""
FOLDER = "runs"
"""Where the locks of runs lie, in the state folder."""
Values = Sequence[Any] | Mapping[str, Any]
"""Of the placeholders of a statement: by their place, or by name."""
_BY_HAND = "wait until it has ended, or stop it by: kill {pid}"
_EARLIER = """
    INSERT INTO attempts (run, place, number, started_at, status, elapsed, failure) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_INTERRUPT = "UPDATE tasks SET status = 'interrupted' WHERE run = ? AND status = 'running'"
"""What is running when a run ends was interrupted."""
_INSERT = """
    INSERT INTO tasks (status, attempt, started_at, elapsed, rows, size, failure, run, place, step, partition)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE = """
    UPDATE tasks SET status = ?, attempt = ?, started_at = ?, elapsed = ?, rows = ?, size = ?, failure = ?
    WHERE run = ? AND place = ?
"""
_WAITING = ("waiting", None, None, None, None, None, None)
"""Of a task that has not begun, or has to begin anew."""


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

    def begin(self, beginning: Beginning, planned: Forecast, *, lasting: bool = True) -> Journal:
        """Write a run down, unless another that lives makes the same. The lock of the run must be held. If nothing that
        it makes is ``lasting``, its tasks are written when the journal is kept for the first time: no other run makes
        the same then.

        Errors: RunConflictError; StateError.
        """
        tasks = [(place, item.task) for place, item in enumerate(planned.expectations) if item.action != "reuse"]
        with faults(self.path), transaction(self._connection):
            self._bury_the_dead()
            self._demand_free(beginning.profile, ((task.step, task.partition) for _, task in tasks))
            number = self._insert(beginning, len(planned.expectations) - len(tasks))
            journal = Journal(self, number, tasks)
            if lasting:
                self._write(journal.unwritten())
                journal.written()
            self._forget()
        return journal

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
        for statement in ("UPDATE runs SET status = 'interrupted' WHERE number = ?", _INTERRUPT):
            self._connection.execute(statement, (number,))

    def _demand_free(self, profile: str | None, making: Iterable[Place]) -> None:
        """Errors: RunConflictError if a run that lives has something to make that is wanted."""
        others = self._rows(
            "SELECT number, id, pid, command FROM runs WHERE status = 'running' AND profile IS ?", (profile,)
        )
        wanted = set(making) if others else set()
        for number, run_id, pid, command in others:
            unfinished = "SELECT step, partition FROM tasks WHERE run = ? AND status IN ('waiting', 'running')"
            its = self._rows(unfinished, (number,))
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
            self._write(statements)

    def _write(self, statements: Iterable[tuple[str, Iterable[Values]]]) -> None:
        for statement, rows in statements:
            self._connection.executemany(statement, rows)


class Journal:
    """What happens in one run. What has ended is committed together with what begins next, or by ``flush``: before
    anything is done about it, and before the run waits. Errors of each: StateError.
    """

    def __init__(self, history: History, number: int, tasks: Sequence[tuple[int, Task]]) -> None:
        self._history = history
        self._number = number
        self._new: Sequence[tuple[int, Task]] = tasks
        """All tasks with their places, as long as none is in the database."""
        self._started: dict[int, str] = {}
        """When the attempts began that have not ended."""
        self._changed: dict[int, tuple[Any, ...]] = {}
        """What is to be written of tasks. Of one that has begun and ended since, that is written once."""
        self._earlier: list[tuple[Any, ...]] = []
        """Attempts that another follows."""

    def starting(self, place: int, attempt: int, *, keep: bool = True) -> None:
        """An attempt is about to begin; ``keep`` commits that with all that was before."""
        started = self._started[place] = _now()
        self._changed[place] = ("running", attempt, started, None, None, None, None)
        if keep:
            self.flush()

    def ended(self, place: int, attempt: int, result: Result, *, final: bool) -> None:
        """An attempt has ended, or a task without any (0); ``final`` if no other follows."""
        failure = None if result.failure is None else json.dumps(asdict(result.failure))
        started = self._started.pop(place) if attempt else None
        if final:
            facts = result.status, attempt or None, started, result.elapsed, result.rows, result.size, failure
            self._changed[place] = facts
        else:
            self._earlier.append((self._number, place, attempt, started, result.status, result.elapsed, failure))
            self._changed[place] = _WAITING

    def skipped(self, places: Sequence[int]) -> None:
        """Tasks cannot run."""
        self._changed.update(dict.fromkeys(places, ("skipped", *_WAITING[1:])))

    def flush(self) -> None:
        """Commit what is not yet."""
        if self._changed:
            self._write()

    def end(self, status: str) -> None:
        """The run is over: ``done``, ``failed`` or ``interrupted``."""
        text = "UPDATE runs SET status = ?, ended_at = ? WHERE number = ?"
        last = (text, [(status, _now(), self._number)]), (_INTERRUPT, [(self._number,)])
        self._write(*last)

    def unwritten(self) -> Iterator[tuple[str, Iterable[Values]]]:
        """The statements that write what is not in the database yet."""
        number, changed = self._number, self._changed
        if self._new:  # all tasks
            new = [
                (*changed.get(place, _WAITING), number, place, task.step, task.partition) for place, task in self._new
            ]
            yield _INSERT, new
        else:
            yield _UPDATE, [(*facts, number, place) for place, facts in changed.items()]
        yield _EARLIER, self._earlier

    def written(self) -> None:
        """All that has changed is in the database."""
        self._new = ()
        self._changed.clear()
        self._earlier.clear()

    def _write(self, *more: tuple[str, Iterable[Values]]) -> None:
        self._history.write([*self.unwritten(), *more])
        self.written()


def _now() -> str:
    return _instant(time.time_ns() // 1_000_000)


@lru_cache(maxsize=1)
def _instant(milliseconds: int) -> str:
    """Many attempts begin in the same millisecond, and writing a time takes long."""
    seconds, rest = divmod(milliseconds, 1_000)
    return f"{_second(seconds)}.{rest:03}+00:00"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
