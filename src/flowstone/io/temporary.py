"""Temporary files: what is written lies under another name, locked while its writer lives, until it is renamed.

Paths are texts here: some are made for each value, and a ``Path`` takes longer than some of the calls it is for.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from flowstone.io.locks import lock
from flowstone.io.spool import OpenFile

T = TypeVar("T", bound="Temporary")

_TEMPORARY = re.compile(r"\..*\.[0-9a-f]{16}\.tmp")
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Temporary:
    """A file beside its target."""

    def __init__(self, path: str, descriptor: int, kind: str, reached: Callable[[str], None]) -> None:
        self._path = path
        self._kind = kind
        self._reached = reached
        self._descriptor = descriptor

    @property
    def path(self) -> Path:
        """Where it lies until it is renamed."""
        return Path(self._path)

    @property
    def closed(self) -> bool:
        return self._descriptor < 0

    def write(self, data: bytes) -> int:
        """Write all of the data. Errors: OSError."""
        view = memoryview(data)
        written = os.write(self._descriptor, view)
        while written < view.nbytes:
            written += os.write(self._descriptor, view[written:])
        return written

    def sync(self) -> None:
        """Make sure that the content is on the disk. Errors: OSError."""
        self._reached(f"{self._kind}-written")
        os.fsync(self._descriptor)
        self._reached(f"{self._kind}-synced")

    def rename(self, target: str, step: str | None = None) -> None:
        """Make it the target, in place of what was there. Errors: OSError."""
        os.replace(self._path, target)
        self._release()
        self._reached(step or f"{self._kind}-renamed")

    def discard(self) -> None:
        """Remove it, unless it was renamed or discarded before."""
        if self._descriptor >= 0:
            with suppress(OSError):
                os.unlink(self._path)
            self._release()

    def _release(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class TemporaryDraft(Temporary):
    """A ``Draft`` beside its target."""

    def __init__(self, path: str, descriptor: int, kind: str, reached: Callable[[str], None]) -> None:
        super().__init__(path, descriptor, kind, reached)
        self.size = 0
        self._hash = hashlib.sha256()

    @property
    def data_version(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def write(self, data: bytes) -> int:
        written = super().write(data)
        self._hash.update(data)
        self.size += written
        return written

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """Nothing is buffered."""

    def close(self) -> None:
        """Does nothing: the file stays open, and so locked, until it is published or discarded."""

    def reader(self) -> OpenFile:
        """The file, open to be read, whatever becomes of it."""
        return OpenFile(os.dup(self._descriptor))


def create(make: type[T], target: str, kind: str, reached: Callable[[str], None]) -> T:
    """A new temporary file beside its target. Errors: OSError."""
    folder, _, name = target.rpartition("/")
    stem = name.encode()[:200].decode(errors="ignore")
    while True:
        path = f"{folder}/.{stem}.{os.urandom(8).hex()}.tmp"
        descriptor = os.open(path, _CREATE, 0o666)
        temporary = make(path, descriptor, kind, reached)
        try:
            lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_nlink:
                reached(f"{kind}-created")
                return temporary
        except BlockingIOError:
            pass
        except BaseException:
            temporary.discard()
            raise
        temporary.discard()  # taken for one that was left, in the moment before it was locked


def sweep(folder: str) -> int:
    """Remove the temporary files of writers that have died, whose lock nobody holds; the number of files removed."""
    with os.scandir(folder) as entries:
        left = [entry.path for entry in entries if _TEMPORARY.fullmatch(entry.name)]
    removed = 0
    for path in left:
        with suppress(OSError):
            descriptor = os.open(path, _OPEN)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(path)
                removed += 1
            finally:
                os.close(descriptor)
    return removed
