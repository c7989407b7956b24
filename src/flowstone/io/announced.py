"""Announced records: what lets a reader, or the next writer, finish what a writer that died has begun.

Data and record are two files, and a writer may die when it has renamed the one and not yet the other. So it gives the
record, written and synced, the fixed name ``.NAME.next`` beside its final one before it touches the data. Whoever holds
the lock of the records and finds such a file knows that its writer is dead. If the data is what the announced record
says, that record is the current one and gets its name; if not, the writer had not come as far, and the file is dropped.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Protocol

from msgspec import Struct

from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io.contract import Options, Slot
from flowstone.io.locks import locked
from flowstone.io.paths import MAX_NAME, record_place
from flowstone.io.record import Record, content_of

SUFFIX = ".next"
PLACE = "file"
"""The fact of the content that tells where the data lies."""


class Files(Protocol):
    """What is asked of the store."""

    root: Path

    def read(self, place: str) -> bytes:
        """All of a file. Errors: FileNotFoundError, OSError, StorageError."""

    def verify(self, place: str, size: int, data_version: str) -> None:
        """Errors: NotMaterializedError, DamagedError if it is not this content, OSError, StorageError."""


class Announced(Struct, frozen=True):
    """A record that was announced, and whose data is there."""

    content: bytes
    record_place: str


@lru_cache(maxsize=1024)
def next_place(record_place: str) -> str:
    """Where the record of a place is announced."""
    folder, _, name = record_place.rpartition("/")
    following = f".{name}{SUFFIX}"
    if len(following) > MAX_NAME:
        following = f".{hashlib.sha256(name.encode()).hexdigest()}{SUFFIX}"
    return f"{folder}/{following}"


def is_announced(files: Files, record_place: str) -> bool:
    """Whether there is an announcement, of a writer that lives or is dead."""
    # unlike ``lexists`` this makes no exception where there is none, which is nearly always
    return os.access(f"{files.root}/{next_place(record_place)}", os.F_OK)


def settle(files: Files, following: str) -> Announced | None:
    """Finish what a dead writer has announced; what cannot be finished here, though it counts.

    That is so on a disk that cannot be written to, or has no locks. Errors: OSError, StorageError.
    """
    with locked(f"{files.root}/{following}".rpartition("/")[0]) as held:
        found = judge(files, following)
        if held:
            with suppress(OSError):  # a reader need not be able to write: what it sees is the same
                finish(files, following, found)
                return None
        return found


def settle_all(files: Files, folder: str, names: Iterable[str]) -> Iterator[Announced]:
    """Finish what dead writers have announced in a folder; what cannot be finished here. Errors: as of ``settle``."""
    for name in filter(_is_next, names):
        found = settle(files, f"{folder}/{name}")
        if found is not None:
            yield found


def take_over(files: Files, following: str) -> None:
    """Finish what a dead writer has announced, before another announcement takes its place.

    For who holds the lock. Errors: OSError.
    """
    try:
        found = judge(files, following)
    except (OSError, StorageError):  # data that cannot be read is no loss: it is about to be replaced
        found = None
    finish(files, following, found)


def clean(files: Files, folder: Path) -> int:
    """Finish what dead writers have announced in a folder; how many of them did not count and were dropped.

    Errors: OSError, StorageError.
    """
    dropped = 0
    for path in [path for path in folder.iterdir() if _is_next(path.name)]:
        following = path.relative_to(files.root).as_posix()
        with locked(str(folder)) as held:
            if held:
                dropped += finish(files, following, judge(files, following))
    return dropped


def _is_next(name: str) -> bool:
    return name.startswith(".") and name.endswith(SUFFIX)


def judge(files: Files, following: str) -> Announced | None:
    """An announced record, if its data is there; None if there is none that counts. Errors: OSError, StorageError."""
    try:
        content = files.read(following)
        record = Record.from_json(content)
        place = PurePosixPath(content_of(record)[PLACE])
        target = record_place(Slot(record.asset, record.partition, Options()))
    except (FileNotFoundError, ValueError, KeyError, TypeError, StorageError):
        return None
    if ".." in place.parts or place.is_absolute() or next_place(target) != following:
        return None
    try:
        files.verify(str(place), record.size, record.data_version)
    except (NotMaterializedError, DamagedError):
        return None
    return Announced(content, target)


def finish(files: Files, following: str, found: Announced | None) -> bool:
    """Give an announced record its name, or drop what does not count; whether something was dropped.

    For who holds the lock. Errors: OSError.
    """
    path = files.root / following
    if found is not None:
        path.replace(files.root / found.record_place)
        return False
    with suppress(FileNotFoundError):
        path.unlink()
        return True
    return False
