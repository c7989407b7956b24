"""Whether the process of a run still lives: it holds a lock on a file, which the system takes from it with its death.

The lock is one of POSIX: children do not inherit it, so that nothing that a run leaves behind can keep it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_OPEN = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


@contextmanager
def living(folder: Path, run_id: str) -> Iterator[None]:
    """Hold the lock of a run of this process. Errors: OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _path(folder, run_id)
    descriptor = os.open(path, _OPEN | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def is_alive(folder: Path, run_id: str) -> bool:
    """Whether another process holds the lock of a run. Not to be asked about a run of this process. Errors: OSError."""
    try:
        descriptor = os.open(_path(folder, run_id), _OPEN)
    except FileNotFoundError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    finally:
        os.close(descriptor)
    return False


def bury(folder: Path, run_id: str) -> None:
    """Remove the file of a run that is dead."""
    with suppress(OSError):
        _path(folder, run_id).unlink()


def _path(folder: Path, run_id: str) -> Path:
    return folder / f"{run_id}.lock"
