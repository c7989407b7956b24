"""Records that have names of their own, which begin with a time: of those in a folder the newest whole one counts.

For stores that promise nothing but put, list and get: a put may be seen before it is finished, and there are no locks
and no conditions.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from flowstone.io.fsspec_files import FsspecFiles
from flowstone.io.store import RECORDS, UnavailableError
from flowstone.io.versions import is_record, told

LOOKS = 50
"""How often a reader looks again while others publish the same value."""
STAMPED = re.compile(r"[0-9a-f]{28}\.json")
"""Names of records: milliseconds in twelve digits, then chance."""
TEMPORARY = re.compile(r"\.[0-9a-f]{28}\.tmp")

_TIME = 12
"""Digits of the time in a record's name."""


class StampedFiles:
    """The files in folders like that of one slot's records."""

    def __init__(self, files: FsspecFiles, is_whole: Callable[[bytes], bool] = is_record) -> None:
        self._files = files
        self._is_whole = is_whole

    def stamps(self, place: str) -> list[str]:
        """What the names of the files begin with that stand for this place, the oldest first. Errors: OSError."""
        folder = folder_of(place)
        return slots(self._files.list(folder)).get(folder, [])

    def next_stamp(self, place: str) -> str:
        """What the name of a file begins with that is newer than those. Errors: OSError."""
        stamps = self.stamps(place)
        now = time.time_ns() // 1_000_000
        last = int(stamps[-1][:_TIME], 16) if stamps else 0
        return f"{max(now, last + 1):0{_TIME}x}{secrets.token_hex(8)}"

    def put(self, content: bytes, place: str, stamp: str) -> None:
        """Put a file beside those that are there. Errors: OSError."""
        self._files.put_small(content, at(place, stamp), f"{folder_of(place)}/.{stamp}.tmp")

    def newest(self, place: str) -> bytes:
        """The newest one that is whole; the newest one if none is.

        Errors: FileNotFoundError, UnavailableError, OSError.
        """
        for _ in range(LOOKS):
            stamps = self.stamps(place)
            if not stamps:
                raise FileNotFoundError(place)
            newest = self._files.content(at(place, stamps[-1]))
            if self._is_whole(newest):
                return newest
            for stamp in stamps[-2::-1]:
                content = self._files.content(at(place, stamp))
                if self._is_whole(content):
                    return content
            if stamps == self.stamps(place):
                return newest
        raise UnavailableError(
            f"others have replaced its record {LOOKS} times meanwhile", "see who else makes the same asset"
        )

    def remove_older(self, place: str, stamp: str) -> None:
        """Remove the records that are older than one that was put, and that one if there is a newer one by now.

        Errors: OSError.
        """
        stamps = self.stamps(place)
        for old in stamps:
            if old < stamp:
                self.remove(place, old)
        newer = (at(place, other) for other in stamps if other > stamp)
        if any(self._is_whole(self._files.content(other)) for other in newer):
            self.remove(place, stamp)

    def remove(self, place: str, stamp: str) -> None:
        """Remove a record, then its data. Errors: OSError."""
        data = told(self._files.content(at(place, stamp)))
        self._files.delete(at(place, stamp))
        if data is not None:
            self._files.delete(data)

    def replaced(self, place: str, stamps: list[str]) -> list[str]:
        """Those that do not count, as another one does. Errors: OSError."""
        if len(stamps) == 1:
            return []
        whole = (stamp for stamp in reversed(stamps) if self._is_whole(self._files.content(at(place, stamp))))
        counts = next(whole, None)
        return [] if counts is None else [stamp for stamp in stamps if stamp != counts]


def folder_of(place: str) -> str:
    """The folder of the files that stand for this place, of which there may be several for a moment."""
    return place.removesuffix(".json")


def at(place: str, stamp: str) -> str:
    """Where one of them lies."""
    return f"{folder_of(place)}/{stamp}.json"


def slots(places: Iterable[str]) -> dict[str, list[str]]:
    """The stamps of the records in each slot's folder, the oldest first."""
    found: dict[str, list[str]] = {}
    for place in sorted(places):
        folder, _, name = place.rpartition("/")
        if place.startswith(f"{RECORDS}/") and STAMPED.fullmatch(name):
            found.setdefault(folder, []).append(name.removesuffix(".json"))
    return found


def is_temporary(place: str) -> bool:
    """Whether a file of this name was on its way to one of a stamped name."""
    return TEMPORARY.fullmatch(PurePosixPath(place).name) is not None
