"""Connections to Postgres: opened when needed, kept for the next use, never shared with a forked process."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flowstone.errors import DamagedError, MissingExtraError, StorageError, UnsupportedTypeError

KEPT = 8
"""Idle connections that one manager keeps."""

_NOT_STORABLE = ("22021", "22P05", "22003", "22008", "22P02")
"""SQLSTATEs of values that a column cannot hold: characters, numbers and times out of range
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


class Sessions:
    """The connections of one manager. May be used by several threads."""

    def __init__(self, manager: str, dsn: str, connect_timeout: int) -> None:
        self._manager = manager
        self._dsn = dsn
        self._timeout = connect_timeout
        self._lock = threading.Lock()
        self._idle: list[tuple[int, Any]] = []
        weakref.finalize(self, _close_all, self._idle)

    def take(self) -> Any:
        """A connection in a new transaction. Errors: StorageError if there is none to be had."""
        with self._lock:
            mine = [item for pid, item in self._idle if pid == os.getpid() and not item.closed]
            self._idle[:] = [(os.getpid(), item) for item in mine[:-1]]
        if mine:
            try:
                return self._begin(mine[-1])
            except psycopg_error():  # the server went away meanwhile
                close(mine[-1])
        connection = self._connect()
        try:
            return self._begin(connection)
        except BaseException:
            close(connection)
            raise

    def give_back(self, connection: Any) -> None:
        """End the transaction, undoing what is not committed, and keep the connection for the next."""
        try:
            connection.rollback()
        except psycopg_error():
            close(connection)
            return
        with self._lock:
            if len(self._idle) < KEPT and not connection.closed:
                self._idle.append((os.getpid(), connection))
                return
        close(connection)

    @contextmanager
    def transaction(self, label: str, doing: str) -> Iterator[Any]:
        """A connection whose changes are committed at the end. Errors: StorageError naming the asset."""
        with faults(self._manager, label, doing):
            connection = self.take()
            try:
                yield connection
                connection.commit()
            finally:
                self.give_back(connection)

    def _begin(self, connection: Any) -> Any:
        """Settings for one transaction only: behind a pooler the next one may go to another server process."""
        connection.execute("SET LOCAL extra_float_digits = 1")
        return connection

    def _connect(self) -> Any:
        psycopg = _psycopg(self._manager)
        try:
            parameters = psycopg.conninfo.conninfo_to_dict(self._dsn)
        except psycopg.Error:  # its text holds a part of the dsn, which may be the password
            raise StorageError(
                f"the dsn of the IO manager {self._manager!r} is not a connection string of Postgres",
                help="write postgresql://user:password@host:5432/database, or host=... dbname=... user=...",
            ) from None
        parameters.setdefault("application_name", "flowstone")
        parameters.setdefault("connect_timeout", str(self._timeout))
        connection = psycopg.connect(**parameters, client_encoding="utf8")
        connection.prepare_threshold = None
        return connection


def _close_all(idle: list[tuple[int, Any]]) -> None:
    """Close what this process opened; a connection that came by a fork is its parent's."""
    for pid, connection in idle:
        if pid == os.getpid():
            close(connection)


def close(connection: Any) -> None:
    """Close a connection, whatever state it is in."""
    with suppress(psycopg_error()):
        connection.close()


def psycopg_error() -> type[Exception]:
    """The root of the driver's exceptions."""
    import psycopg

    return psycopg.Error


def _psycopg(manager: str) -> Any:
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError as error:
        raise MissingExtraError(f"the IO manager {manager!r} of type postgres", "postgres") from error
    return psycopg


@contextmanager
def changed(label: str) -> Iterator[None]:
    """Tell of a table whose columns others have changed since they were looked at that it is damaged.

    What a transaction sees of rows is of one moment, what it sees of columns is not. Errors: DamagedError.
    """
    from psycopg import errors

    try:
        yield
    except (errors.UndefinedColumn, errors.UndefinedTable) as error:
        raise DamagedError(f"{label}: its table has been changed meanwhile") from error


@contextmanager
def faults(manager: str, label: str, doing: str) -> Iterator[None]:
    """Turn the driver's errors into a StorageError that names the asset; the text never holds a secret."""
    psycopg = _psycopg(manager)
    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or ""
        told = (error.diag.message_primary or str(error)).strip().partition("\n")[0]
        detail = f"{told} [{state}]" if state else told
        if state in _NOT_STORABLE:
            raise UnsupportedTypeError(f"{label}: Postgres cannot hold a value: {detail}") from error
        lost = isinstance(error, psycopg.OperationalError) and not state
        raise StorageError(
            f"{label}: cannot {doing} in Postgres: {detail}",
            help=f"see whether the server runs, and whether the dsn of the IO manager {manager!r} is right: "
            "flowstone doctor tries it"
            if lost
            else None,
        ) from error
