"""Notes beside the records where there are no locks.

Who has put a note looks whether another was put meanwhile, and takes its own back then. Of two at the same time at
least one sees the other.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress

from flowstone.io.fsspec_files import FsspecFiles
from flowstone.io.stamped import StampedFiles, at
from flowstone.io.store import Note

LONGEST_PAUSE = 0.5
"""Seconds at most until somebody who met another looks again; chance says how much of it."""


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
