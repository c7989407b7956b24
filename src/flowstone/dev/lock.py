"""One scheduler for a project at a time: it holds a lock that the system takes from it with its death."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flowstone.errors import StateError
from flowstone.runner.history.database import faults

FILE_NAME = "dev.lock"


@contextmanager
def only_one(home: Path) -> Iterator[Callable[[], bool]]:
    """Hold the lock; what is given tells whether it still stands there, so that nobody else can hold it.

    Errors: StateError, which names the process that holds it, or says why there can be none.
    """
    path = home / FILE_NAME
    with faults(path):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            pid = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            raise StateError(
                f"flowstone dev runs already for this project (process {pid})", help=f"stop it by: kill {pid}"
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield lambda: _is_at(descriptor, path)
    finally:
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False
