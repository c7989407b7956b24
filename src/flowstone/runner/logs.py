"""What assets print, kept in files: one for each worker, with a mark before each attempt.

A mark is a control character that texts hardly hold, and a JSON object on the rest of the line. It is written before
the attempt begins, so that what is printed belongs to the right one however the run ends.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from msgspec.structs import replace

from flowstone.errors import StateError
from flowstone.runner.result import Order, Result

MARK = b"\x1e"
TAIL = 4000
"""Bytes of output that go with a failure."""
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Head:
    """Which attempt printed something."""

    step: str
    partition: str | None
    attempt: int
    at: float
    """When it began, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Section:
    """What one attempt printed."""

    head: Head
    path: Path
    start: int
    end: int

    def read(self) -> Iterator[bytes]:
        """The text, in pieces. Errors: OSError."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            left = self.end - self.start
            while left > 0 and (data := file.read(min(left, _CHUNK))):
                left -= len(data)
                yield data


def opened(path: Path) -> int:
    """A descriptor to add to a file of a run that goes on. Errors: OSError; StateError if the run's folder is gone."""
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise StateError(
            f"{path.parent} is gone: it was removed while the run went on",
            help="give the same command again: what is stored by now is reused",
        ) from None


def mark(path: Path, order: Order) -> int:
    """Write that an attempt begins, and return the size of the file with it. Errors: as ``opened``."""
    head = Head(order.step, order.partition, order.attempt, time.time())
    descriptor = opened(path)
    try:
        os.write(descriptor, MARK + json.dumps(asdict(head)).encode() + b"\n")
        return os.lseek(descriptor, 0, os.SEEK_END)
    finally:
        os.close(descriptor)


def tail(path: Path, start: int) -> str:
    """The end of what was printed since the file had the given size."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start, size - TAIL))
            return file.read(TAIL).decode("utf-8", "replace")
    except OSError:
        return ""


def with_output(result: Result, path: Path, start: int, hide: Callable[[str], str]) -> Result:
    """A failure with the end of what was printed, less its secrets; what has not failed as it is."""
    if result.failure is None:
        return result
    return replace(result, failure=replace(result.failure, output=hide(tail(path, start))))


def sections(folder: Path) -> list[Section]:
    """All that is kept of a run, in the order in which the attempts began; those that printed nothing are left out.

    Errors: OSError, but for a folder that is not there.
    """
    found = [section for path in files(folder) for section in _of_file(path)]
    return sorted(found, key=lambda section: section.head.at)


def files(folder: Path) -> list[Path]:
    """The files of a run; none if it has no folder. Errors: OSError."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".log")
    except FileNotFoundError:
        return []


def _of_file(path: Path) -> Iterator[Section]:
    head: Head | None = None
    start = place = 0
    with path.open("rb") as file:
        for line in file:
            before, mark, rest = line.partition(MARK)
            if mark and (new := _head(rest)) is not None:
                if head is not None and place + len(before) > start:
                    yield Section(head, path, start, place + len(before))
                head, start = new, place + len(line)
            place += len(line)
    if head is not None and place > start:
        yield Section(head, path, start, place)


def _head(text: bytes) -> Head | None:
    try:
        return Head(**json.loads(text))
    except (ValueError, TypeError):  # the control character itself, printed by somebody
        return None


@dataclass(slots=True)
class Follower:
    """Reads what is printed while a run goes on."""

    folder: Path
    _places: dict[Path, int] = field(default_factory=dict)
    _heads: dict[Path, Head] = field(default_factory=dict)
    _rests: dict[Path, bytes] = field(default_factory=dict)

    def poll(self) -> Iterator[tuple[Head, str]]:
        """Each line that is complete by now and was not before. Errors: OSError."""
        for path in files(self.folder):
            with path.open("rb") as file:
                file.seek(self._places.get(path, 0))
                data = file.read()
            self._places[path] = self._places.get(path, 0) + len(data)
            lines = (self._rests.get(path, b"") + data).split(b"\n")
            self._rests[path] = lines.pop()
            for line in lines:
                yield from self._line(path, line)

    def _line(self, path: Path, line: bytes) -> Iterator[tuple[Head, str]]:
        before, mark, rest = line.partition(MARK)
        new = _head(rest) if mark else None
        text = line if new is None else before
        if path in self._heads and (text or new is None):
            yield self._heads[path], text.decode("utf-8", "replace")
        if new is not None:
            self._heads[path] = new
