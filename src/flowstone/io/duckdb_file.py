"""One DuckDB database file, opened for one operation at a time.

DuckDB lets one process write, and then no other read (https://duckdb.org/docs/stable/connect/concurrency). So the file
is opened for as long as an operation takes; processes take turns by lock files beside it, in the order in which they
came, and wait for strangers.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from flowstone.errors import MissingExtraError, StorageError, UnsupportedTypeError
from flowstone.io.locks import lock_before

PAUSE = 0.02
"""Seconds between two looks at a file that a stranger has open."""

_UNFIT = ("ConversionException", "OutOfRangeException", "InvalidInputException", "NotImplementedException")
"""What DuckDB raises for a value or a type that it cannot hold."""


class DuckdbFile:
    """May be used by several threads and processes."""

    def __init__(self, manager: str, path: Path, patience: float) -> None:
        self.path = path
        self._manager = manager
        self._patience = patience
        self._turn = threading.Lock()
        self._own = threading.local()

    @contextmanager
    def opened(self, label: str, doing: str, *, write: bool) -> Iterator[Any]:
        """A connection; None if only reading is wanted and there is no file yet.

        Errors: StorageError, naming the asset; UnsupportedTypeError for values that DuckDB cannot hold.
        """
        duckdb = self._duckdb()
        kept: tuple[Any] | None = getattr(self._own, "kept", None)
        if kept is not None and not write:
            with self._faults(duckdb, label, doing):
                yield kept[0]
            return
        with self._faults(duckdb, label, doing), self._turn:
            if not write and not self.path.exists():
                yield None
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            deadline = time.monotonic() + self._patience
            with self._locked(label, deadline, exclusive=write):
                connection = self._connect(duckdb, label, deadline, write=write)
                try:
                    connection.execute("SET TimeZone = 'UTC'")
                    yield connection
                finally:
                    connection.close()

    @contextmanager
    def kept_open(self, label: str) -> Iterator[None]:
        """What this thread reads meanwhile is of one moment: nobody writes. Errors: as of ``opened``."""
        with self.opened(label, "read", write=False) as connection:
            self._own.kept = (connection,)
            try:
                yield
            finally:
                self._own.kept = None

    def _connect(self, duckdb: Any, label: str, deadline: float, *, write: bool) -> Any:
        while True:
            try:
                return duckdb.connect(str(self.path), read_only=not write)
            except duckdb.IOException as error:
                if "lock" not in str(error).lower():
                    raise
                if time.monotonic() > deadline:
                    raise self._busy(label) from error
            time.sleep(PAUSE)

    @contextmanager
    def _locked(self, label: str, deadline: float, *, exclusive: bool) -> Iterator[None]:
        """Hold the lock. Who waits for it holds the turn, so that nobody who comes later is served before."""
        with ExitStack() as held:
            with ExitStack() as turn:
                found = turn.enter_context(self._lock(".turn", fcntl.LOCK_EX, deadline))
                how = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
                if not found or not held.enter_context(self._lock(".lock", how, deadline)):
                    raise self._busy(label)
            yield

    @contextmanager
    def _lock(self, suffix: str, how: int, deadline: float) -> Iterator[bool]:
        """Lock a file beside the database; False if that took too long."""
        descriptor = os.open(f"{self.path}{suffix}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        locked = False
        try:
            locked = lock_before(descriptor, how, deadline)
            yield locked
        finally:
            if locked:
                fcntl.flock(descriptor, fcntl.LOCK_UN)  # a forked child may hold a copy of the descriptor
            os.close(descriptor)

    def _busy(self, label: str) -> StorageError:
        return StorageError(
            f"{label}: another program has had {self.path} open for {self._patience:g} seconds",
            help="close it, or raise the option patience: a DuckDB file has one writer at a time",
        )

    @contextmanager
    def _faults(self, duckdb: Any, label: str, doing: str) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            first = str(error).strip().partition("\n")[0]
            if type(error).__name__ in _UNFIT:
                raise UnsupportedTypeError(f"{label}: DuckDB cannot hold a value: {first}") from error
            raise StorageError(f"{label}: cannot {doing} in {self.path}: {first}") from error
        except OSError as error:
            raise StorageError(f"{label}: cannot {doing} in {self.path}: {error.strerror or error}") from error

    def _duckdb(self) -> Any:
        try:
            import duckdb
        except ImportError as error:
            raise MissingExtraError(f"the IO manager {self._manager!r} of type duckdb", "duckdb") from error
        return duckdb
