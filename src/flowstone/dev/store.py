"""What the scheduler remembers, in a database of its own: it survives the death of the process at any moment.

A run is written down, under its id, in the transaction that moves the cursor, the clock or the updates on. So nothing
is lost, and nothing comes twice: whoever finds a start that the history of runs does not know starts it under this id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from flowstone.dev.starts import Offer, Start, Status
from flowstone.runner.history.database import faults, open_database, transaction

FILE_NAME = "dev.db"
KEPT = 1000
"""Starts by schedules and updates that are remembered; those of sensors are never forgotten: the key may come again."""
_MIGRATIONS = (
    (
        """
        CREATE TABLE starts (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            profile TEXT NOT NULL,
            source TEXT NOT NULL,
            key TEXT NOT NULL,
            job TEXT NOT NULL,
            keys TEXT NOT NULL,
            config TEXT NOT NULL,
            run TEXT NOT NULL UNIQUE,
            status TEXT NOT NULL CHECK (status IN ('waiting', 'started', 'done', 'failed', 'interrupted')),
            UNIQUE (profile, source, key)
        ) STRICT
        """,
        """
        CREATE TABLE kept (
            profile TEXT NOT NULL,
            what TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (profile, what)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE updates (
            profile TEXT NOT NULL,
            job TEXT NOT NULL,
            key TEXT NOT NULL,
            asset TEXT NOT NULL,
            PRIMARY KEY (profile, job, key, asset)
        ) STRICT, WITHOUT ROWID
        """,
    ),
)
"""Never changed again; what is new is added."""


class Store:
    """The memory of one project and profile. Used by one thread. Errors of each method: StateError."""

    def __init__(self, home: Path, profile: str | None, new_id: Callable[[], str]) -> None:
        self.path = home / FILE_NAME
        self._profile = profile or ""
        self._new_id = new_id
        self._connection = open_database(self.path, _MIGRATIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is done inside is written as a whole, or not at all."""
        with faults(self.path), transaction(self._connection):
            yield

    def offer(self, offers: Iterable[Offer]) -> list[Start]:
        """Write down runs that are wanted, but those of a key that was there before. To be called in ``together``."""
        found = []
        for item in offers:
            run = self._new_id()
            cursor = self._connection.execute(
                """
                INSERT INTO starts (profile, source, key, job, keys, config, run, status)
                VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting') ON CONFLICT (profile, source, key) DO NOTHING
                """,
                (
                    self._profile,
                    item.source,
                    item.key,
                    item.job,
                    json.dumps(item.keys),
                    json.dumps(item.config, sort_keys=True),
                    run,
                ),
            )
            if cursor.rowcount:
                assert cursor.lastrowid is not None
                found.append(Start(cursor.lastrowid, item, run, "waiting"))
        return found

    def unfinished(self) -> list[Start]:
        """What was offered and has not ended, in its order."""
        text = """
            SELECT number, source, key, job, keys, config, run, status FROM starts
            WHERE profile = ? AND status IN ('waiting', 'started') ORDER BY number
        """
        return [_start(row) for row in self._rows(text, self._profile)]

    def mark(self, start: Start, status: Status) -> None:
        """Write down what became of a start. The oldest that no key protects are forgotten."""
        self._run("UPDATE starts SET status = ? WHERE number = ?", status, start.number)
        self._run(
            """
            DELETE FROM starts WHERE source NOT LIKE 'sensor %' AND status NOT IN ('waiting', 'started') AND number <= ?
            """,
            start.number - KEPT,
        )

    def value(self, what: str) -> str | None:
        """A cursor, or an instant, by what it is of."""
        rows = self._rows("SELECT value FROM kept WHERE profile = ? AND what = ?", self._profile, what)
        return cast("str", rows[0][0]) if rows else None

    def keep(self, what: str, value: str) -> None:
        """Replace it."""
        self._run(
            "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT (profile, what) DO UPDATE SET value = excluded.value",
            self._profile,
            what,
            value,
        )

    def moment(self, job: str) -> datetime | None:
        """The last instant for which a schedule has fired."""
        text = self.value(f"schedule {job}")
        return None if text is None else datetime.fromisoformat(text)

    def add_update(self, job: str, key: str, asset: str) -> set[str]:
        """Note that an asset was made that a job follows; all that was made for the key since its last run."""
        self._run("INSERT INTO updates VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", self._profile, job, key, asset)
        text = "SELECT asset FROM updates WHERE profile = ? AND job = ? AND key IN (?, '')"
        return {asset for (asset,) in self._rows(text, self._profile, job, key)}

    def clear_updates(self, job: str, key: str) -> None:
        """A run follows for the key."""
        text = "DELETE FROM updates WHERE profile = ? AND job = ? AND key = ?"
        self._run(text, self._profile, job, key)

    def _run(self, statement: str, *values: Any) -> None:
        with faults(self.path):
            self._connection.execute(statement, values)

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with faults(self.path):
            return self._connection.execute(statement, values).fetchall()


def _start(row: tuple[Any, ...]) -> Start:
    number, source, key, job, keys, config, run, status = row
    return Start(number, Offer(source, key, job, tuple(json.loads(keys)), json.loads(config)), run, status)
