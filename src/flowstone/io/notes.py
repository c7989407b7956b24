"""Notes beside the records: small files that are changed only by who has seen the one that is there.

In a folder there are locks for that; by fsspec there is nothing of the kind (``stamped_notes``).
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flowstone.io.locks import locked, sync_folder
from flowstone.io.store import Note
from flowstone.io.temporary import Temporary, create


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
        draft = create(Temporary, path, "note", lambda _: None)
        try:
            draft.write(content)
            draft.sync()
            draft.rename(path)
        finally:
            draft.discard()
        sync_folder(path.rpartition("/")[0])
        return True
