"""A file of events in FlowStone's folder: each is one line, written by one write at the end, for every engine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from flowstone.errors import StorageError
from flowstone.runtime.reasons import Place

E = TypeVar("E")


class Log(Protocol[E]):
    """Where events are kept."""

    def new(self) -> tuple[bool, Iterator[E]]:
        """Whether nothing holds of what was read; and the events not read yet."""
        ...

    def add(self, event: E) -> E:
        """Keep an event."""
        ...


class MemoryLog(Generic[E]):
    """Events of this process alone."""

    def __init__(self) -> None:
        self._new: list[E] = []

    def new(self) -> tuple[bool, Iterator[E]]:
        """The events not read yet."""
        found, self._new = self._new, []
        return False, iter(found)

    def add(self, event: E) -> E:
        """Keep an event."""
        self._new.append(event)
        return event


class EventLog(Generic[E]):
    """One such file. What has been read is not read again: events are only ever added.

    Errors of each method: StorageError if the file cannot be read or written.
    """

    def __init__(self, path: Path, kind: type[E]) -> None:
        self.path = path
        self._kind = kind
        self._file: tuple[int, int] | None = None
        self._read = 0
        """Bytes of the file that have been given out as new."""

    def all(self) -> Iterator[E]:
        """Every event, in order. What was cut off when a process died is left out."""
        return self._events(self._bytes(0))

    def new(self) -> tuple[bool, Iterator[E]]:
        """Whether it is another file by now, so that nothing holds of what was read; and the events not read yet."""
        file, size = self._now()
        again = file != self._file or size < self._read
        if again:
            self._file, self._read = file, 0
        data = self._bytes(self._read)
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        return again, self._events(whole)

    def add(self, event: E) -> E:
        """Write an event down."""
        # One that was cut off before it must not swallow this one.
        line = b"\n" + json.dumps(msgspec.to_builtins(event)).encode() + b"\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                written = os.write(file, line)
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise StorageError(f"cannot write {self.path}: {error.strerror or error}") from error
        if written != len(line):  # it is passed over by whoever reads
            raise StorageError(
                f"cannot write {self.path}: only {written} of {len(line)} bytes", help="is the disk full?"
            )
        return event

    def _events(self, data: bytes) -> Iterator[E]:
        for line in data.split(b"\n"):
            with suppress(msgspec.DecodeError):
                yield msgspec.json.decode(line, type=self._kind)

    def _now(self) -> tuple[tuple[int, int] | None, int]:
        """Which file it is, and how many bytes it has."""
        try:
            found = self.path.stat()
        except OSError:
            return None, 0
        return (found.st_dev, found.st_ino), found.st_size

    def _bytes(self, start: int) -> bytes:
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                return file.read()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StorageError(f"cannot read {self.path}: {error.strerror or error}") from error


class OfAsset:
    """What events have in common that are about the value of an asset, for which there may be a last moment."""

    asset: str
    partition: str | None
    until: datetime | None

    @property
    def place(self) -> Place:
        return self.asset, self.partition

    @property
    def is_over(self) -> bool:
        return self.until is not None and datetime.now(UTC) >= self.until

    def to_builtins(self) -> dict[str, Any]:
        """The event as a JSON object."""
        return dict(msgspec.to_builtins(self))


def keeps(value: Any) -> bool:
    """Whether a value comes back as it is from a line of JSON: no lone surrogates, nothing that is no number."""
    try:
        return bool(msgspec.json.decode(json.dumps(value).encode()) == value)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError):
        return False
