"""Locks of files and folders, where the file system has any."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EBADF, errno.EINVAL)
"""What ``flock`` says on file systems without locks; writers there do not take turns."""


def lock(descriptor: int, how: int) -> bool:
    """Lock an open file or folder; False where the file system cannot. Errors: BlockingIOError, OSError."""
    try:
        fcntl.flock(descriptor, how)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def lock_before(descriptor: int, how: int, deadline: float) -> bool:
    """Lock an open file; False if that is not done by the deadline, of ``time.monotonic``. Then it has to be closed.

    Who looks at a lock from time to time comes after all who have just let go of it and want it again. The kernel
    serves those who wait in their order, but has no deadline. So a thread waits; it ends by itself some time after the
    file is closed. Errors: OSError.
    """
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting = _Waiting(descriptor, how)
        waiting.start()
        waiting.join(max(0.0, deadline - time.monotonic()))
        return waiting.result()
    return True


class _Waiting(threading.Thread):
    """Waits for a lock."""

    def __init__(self, descriptor: int, how: int) -> None:
        super().__init__(name="flowstone-lock", daemon=True)
        self._wanted = (descriptor, how)
        self._error: OSError | None = None
        self._locked = False

    def run(self) -> None:
        try:
            fcntl.flock(*self._wanted)
            self._locked = True
        except OSError as error:
            self._error = error

    def result(self) -> bool:
        """Whether it is locked by now. Errors: OSError."""
        if self._error is not None:
            raise self._error
        return self._locked


@contextmanager
def locked(folder: str, how: int = fcntl.LOCK_EX) -> Iterator[bool]:
    """Hold the lock of a folder; whether there is one. Errors: OSError."""
    descriptor = open_folder(folder)
    try:
        yield lock(descriptor, how)
    finally:
        lock(descriptor, fcntl.LOCK_UN)  # closing is not enough: a forked child may hold a copy of the descriptor
        os.close(descriptor)


def open_folder(folder: str) -> int:
    """A folder, to be locked, synced and closed. Errors: OSError."""
    return os.open(folder, _FOLDER)


def sync_folder(folder: str) -> None:
    """Make sure that the names in a folder are on the disk. Errors: OSError."""
    descriptor = open_folder(folder)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
