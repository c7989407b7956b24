"""The database file: opened, brought to the version of this program, and its faults put into words.

It is in WAL mode: a transaction is safe from the death of a process as soon as it is committed. A power cut may take
the last ones, never more than that; the records beside the data, which are synced, say what was made.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from flowstone.errors import StateError
from flowstone.runner.history.migrations import MIGRATIONS

FILE_NAME = "state.db"
PATIENCE = 30.0
"""Seconds to wait for another process that is writing."""
_ASIDE = "it holds the history of runs; what is stored, and the records of it, are not in it"


def open_database(path: Path, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> sqlite3.Connection:
    """The database, made or migrated if need be; a backup is made before. Each statement is a transaction of its own.

    Errors: StateError if the file cannot be read or written, is damaged, or of a newer version.
    """
    with faults(path):
        _make_file(path)
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        try:
            _prepare(connection, path, migrations)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say into StateError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StateError(f"cannot use {path}: {error}", help=_help(error)) from error
    except sqlite3.DatabaseError as error:
        raise StateError(f"{path} is damaged: {error}", help=f"move it away: {_ASIDE}") from error
    except OSError as error:
        raise StateError(f"cannot use {path}: {error.strerror or error}") from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, with the only right to write from the beginning. Errors: sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _make_file(path: Path) -> None:
    """Only if there is none: to open and close it by hand would take the locks from other connections."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _prepare(connection: sqlite3.Connection, path: Path, migrations: Sequence[Sequence[str]]) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    _demand_whole(connection, path)
    version = _version(connection)
    if version > len(migrations):
        raise StateError(
            f"{path} was written by a newer FlowStone (version {version}, this one knows {len(migrations)})",
            help=f"use that one, or move the file away: {_ASIDE}",
        )
    _use_log(connection)  # before all is made, which then waits for the disk once
    if version < len(migrations):
        _migrate(connection, path, migrations)


def _use_log(connection: sqlite3.Connection) -> None:
    """Writers and readers do not wait for each other from now on. Errors: sqlite3.OperationalError.

    Where several want this at once SQLite refuses all but one without waiting, lest they wait for each other.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _demand_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Errors: sqlite3.DatabaseError if a part of the file is missing, which SQLite itself notices late or never."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return  # what is missing in the file may be there
    (pages,), (size,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    if path.stat().st_size < pages * size:
        raise sqlite3.DatabaseError("its end is missing")


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Sequence[str]]) -> None:
    """One transaction for all of it: whoever dies in between leaves the old version."""
    with transaction(connection):
        version = _version(connection)  # another process may have been here
        if version >= len(migrations):
            return
        if version:
            _back_up(path, version)
        for statements in migrations[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _back_up(path: Path, version: int) -> None:
    """A copy of the file beside it, as it was before the transaction."""
    target = path.with_name(f"{path.name}.v{version}.{datetime.now(UTC):%Y%m%dT%H%M%S%f}.backup")
    target.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def _version(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def _help(error: sqlite3.Error) -> str | None:
    name = getattr(error, "sqlite_errorname", "")
    helps = {
        "SQLITE_FULL": "make room on the disk; what was made is safe, the same command goes on",
        "SQLITE_READONLY": "FLOWSTONE_HOME moves the state to a folder that can be written to",
        "SQLITE_CANTOPEN": "FLOWSTONE_HOME moves the state to a folder that can be written to",
        "SQLITE_BUSY": f"another process has been writing for {PATIENCE:g} s",
    }
    return next((text for start, text in helps.items() if name.startswith(start)), None)
