"""Keeping what functions print that run in this process: by threads, since all of them share its streams."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self, TextIO

from flowstone.runner.logs import mark
from flowstone.runner.result import Order

FORMAT = "%(levelname)s %(name)s: %(message)s"
"""How log records are written, here and in worker processes."""


class Capture:
    """Puts itself in the place of the standard streams for as long as a run goes on."""

    def __init__(self) -> None:
        self._current = threading.local()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Listen to the standard streams and to the root logger."""
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = (_Stream(stream, streams[1], self._current) for stream in streams)
        handler = _Handler(self._current, streams[1])
        handler.setFormatter(logging.Formatter(FORMAT))
        root = logging.getLogger()
        level = root.level
        root.setLevel(min(level, logging.INFO))  # as worker processes do
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
            sys.stdout, sys.stderr = streams

    def into(self, path: Path, order: Order, *, shown: bool) -> Sink:
        """Within what is returned, keep what this thread prints in a file, and show it too if it is to be."""
        return Sink(self._current, path, order, shown=shown)


class Sink:
    """Where the output of one attempt goes. The file is not touched as long as nothing is printed."""

    __slots__ = ("_current", "_file", "_order", "_path", "_shown", "start")

    def __init__(self, current: threading.local, path: Path, order: Order, *, shown: bool) -> None:
        self._current = current
        self._path = path
        self._order = order
        self._shown = shown
        self.start: int | None = None
        """Where the output begins in the file."""
        self._file: BinaryIO | None = None

    def write(self, data: bytes, shown_on: TextIO) -> None:
        """Errors: OSError, StateError."""
        if self._file is None:
            self.start = mark(self._path, self._order)
            self._file = self._path.open("ab", buffering=0)
        self._file.write(data)
        if self._shown:
            shown_on.write(data.decode("utf-8", "backslashreplace"))
            shown_on.flush()

    def __enter__(self) -> Self:
        self._current.sink = self
        return self

    def __exit__(self, *error: object) -> None:
        self._current.sink = None
        if self._file is not None:
            self._file.close()


class _Stream:
    """A standard stream; in a thread that runs an attempt it leads into the attempt's file.

    What is shown beside goes to the standard error stream: the standard output is for the results of the command.
    """

    def __init__(self, stream: TextIO, shown_on: TextIO, current: threading.local) -> None:
        self._stream = stream
        self._shown_on = shown_on
        self._current = current

    @property
    def buffer(self) -> _Bytes:
        return _Bytes(self._stream, self._shown_on, self._current)

    def write(self, text: str) -> int:
        sink: Sink | None = getattr(self._current, "sink", None)
        if sink is None:
            return self._stream.write(text)
        sink.write(text.encode("utf-8", "backslashreplace"), self._shown_on)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Bytes:
    """The stream of bytes below a standard stream."""

    def __init__(self, stream: TextIO, shown_on: TextIO, current: threading.local) -> None:
        self._stream = stream
        self._shown_on = shown_on
        self._current = current

    def write(self, data: bytes | bytearray | memoryview) -> int:
        sink: Sink | None = getattr(self._current, "sink", None)
        if sink is None:
            return self._stream.buffer.write(data)
        whole = bytes(data)
        sink.write(whole, self._shown_on)
        return len(whole)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream.buffer, name)


class _Handler(logging.Handler):
    """Writes log records to where the thread prints."""

    def __init__(self, current: threading.local, stream: TextIO) -> None:
        super().__init__()
        self._current = current
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        sink: Sink | None = getattr(self._current, "sink", None)
        if sink is not None:
            sink.write(f"{self.format(record)}\n".encode("utf-8", "backslashreplace"), self._stream)
        elif record.levelno >= logging.WARNING and len(logging.getLogger().handlers) == 1:
            self._stream.write(self.format(record) + "\n")
