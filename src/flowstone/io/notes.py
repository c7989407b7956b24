"""Notes beside the records: small files that are changed only by who has seen the one that is there.

In a folder there are locks for that. By fsspec there is nothing of the kind: who has put a note looks whether another
was put meanwhile, and takes its own back then. Of two at the same time at least one sees the other.
"""

from __future__ import annotations

import fcntl
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from flowstone.io.fsspec_files import FsspecFiles
from flowstone.io.locks import locked, sync_folder
from flowstone.io.stamped import StampedFiles, at
from flowstone.io.store import Note
from flowstone.io.temporary import create

LONGEST_PAUSE = 0.5
"""Seconds at most until somebody who met another looks again; chance says how much of it."""


class FolderNotes:
    """Notes in a folder of this machine."""

    def __init__(self, base: str, prepare: Callable[[str], None], read: Callable[[str], bytes]) -> None:
        self._base = base
        self._prepare = prepare
        self._read = read

    @contextmanager
    def hold(self, place: str, *, alone: bool) -> Iterator[bool]:
        """Hold the lock of the note's folder; whether there is one. Errors: OSError, StorageError."""
        folder = f"{self._base}{place}".rpartition("/")[0]
        self._prepare(folder)
        with locked(folder, fcntl.LOCK_EX if alone else fcntl.LOCK_SH) as held:
            yield held

    def read(self, place: str) -> Note | None:
        """The note that is there. Errors: OSError, StorageError."""
        try:
            return Note(self._read(place))
        except FileNotFoundError:
            return None

    def put(self, place: str, content: bytes, seen: Note | None) -> bool:
        """Replace the note that was seen. Errors: OSError, StorageError."""
        if self.read(place) != seen:  # on a file system without locks
            return False
        path = f"{self._base}{place}"
        draft = create(path, "note", lambda _: None)
        try:
            draft.write(content)
            draft.sync()
            draft.rename(path)
        finally:
            draft.discard()
        sync_folder(path.rpartition("/")[0])
        return True


class StampedNotes:
    """Notes by any URL that fsspec knows."""

    def __init__(self, files: FsspecFiles) -> None:
        self._files = files
        self._stamped = StampedFiles(files, is_whole=lambda content: content.endswith(b"\n"))

    def read(self, place: str) -> Note | None:
        """The newest note that is whole. Errors: OSError."""
        with suppress(FileNotFoundError):
            return Note(self._stamped.newest(place))
        return None

    def put(self, place: str, content: bytes, seen: Note | None) -> bool:
        """Put a note beside those that are there, and take it back if there is one that was not. Errors: OSError."""
        before = self._stamped.stamps(place)
        if self.read(place) != seen:
            return False
        stamp = self._stamped.next_stamp(place)
        self._stamped.put(content, place, stamp)
        if set(self._stamped.stamps(place)) - {*before, stamp}:
            self._files.delete(at(place, stamp))
            time.sleep(random.uniform(0, LONGEST_PAUSE))  # noqa: S311
            return False
        for old in before:
            self._files.delete(at(place, old))
        return True
