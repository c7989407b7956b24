"""Locks of files and folders, where the file system has any."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def locked(folder: Path, how: int = fcntl.LOCK_EX) -> Iterator[bool]:
    """Hold the lock of a folder; whether there is one. Errors: OSError."""
    descriptor = os.open(folder, _FOLDER)
    try:
        yield lock(descriptor, how)
    finally:
        lock(descriptor, fcntl.LOCK_UN)  # closing is not enough: a forked child may hold a copy of the descriptor
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk. Errors: OSError."""
    descriptor = os.open(folder, _FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
