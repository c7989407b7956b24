"""Files that are read, or written and read again, under no name that anybody else sees."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROWS_IN_MEMORY = 1 << 20
"""Bytes of rows beyond which they are written to a file."""


class OpenFile(io.RawIOBase):
    """An open file to be read, closed with the last reference to it. May be used by several threads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = os.preadv(self._descriptor, [buffer], self._at)
        self._at += count
        return count

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        self._at = offset + (os.fstat(self._descriptor).st_size if base is None else base)
        return self._at

    def tell(self) -> int:
        return self._at

    def fileno(self) -> int:
        return self._descriptor

    def to_arrow(self) -> Any:
        """The same file, opened by Arrow, which keeps it; this one is closed.

        Arrow's threads must hold nothing of Python's: one that lets go of it while the process ends aborts the process.
        """
        import pyarrow as pa

        with self:
            return pa.OSFile(f"/dev/fd/{self.fileno()}", "rb")

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        super().close()


class Rows:
    """Rows that come in portions and are read once all of them are there: in memory, or if they are many in a file."""

    def __init__(self, folder: Path, schema: Any) -> None:
        self._folder = folder
        self._schema = schema
        self._waiting: list[Any] = []
        self._weight = 0
        self._file: Any = None
        self._writer: Any = None

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
            self._file.close()

    def add(self, table: Any) -> None:
        """Take further rows. Errors: OSError."""
        self._waiting.append(table)
        self._weight += table.nbytes
        if self._weight > ROWS_IN_MEMORY:
            self._spill()

    def batches(self) -> Iterator[Any]:
        """All rows, once; nothing can be added any more. Errors: OSError."""
        import pyarrow as pa

        if self._file is not None:
            self._spill()
            self._writer.close()
            self._file.flush()
            yield from pa.ipc.open_stream(OpenFile(os.dup(self._file.fileno())).to_arrow())
        for table in self._waiting:
            yield from table.to_batches()

    def _spill(self) -> None:
        import pyarrow as pa

        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - until the rows are written
            self._writer = pa.ipc.new_stream(self._file, self._schema, options=_packed())
        for table in self._waiting:
            self._writer.write_table(table)
        self._waiting.clear()
        self._weight = 0


class Spool:
    """Record batches in a file without a name: written once, read any number of times."""

    def __init__(self, folder: Path, schema: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.schema = schema
        self._file: Any = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - until it is discarded

    def fill(self, tables: Iterable[Any]) -> None:
        """Write all rows. Errors: OSError; what the tables' source raises."""
        import pyarrow as pa

        with pa.ipc.new_stream(self._file, self.schema, options=_packed()) as writer:
            for table in tables:
                writer.write_table(table)
        self._file.flush()

    def batches(self) -> Iterator[Any]:
        """The rows from the beginning; the spool may be discarded meanwhile."""
        import pyarrow as pa

        return iter(pa.ipc.open_stream(OpenFile(os.dup(self._file.fileno())).to_arrow()))

    def tables(self) -> Iterator[Any]:
        """The same as tables."""
        import pyarrow as pa

        return (pa.Table.from_batches([batch], self.schema) for batch in self.batches())

    def discard(self) -> None:
        """Drop it, unless that was done before."""
        self._file.close()


def _packed() -> Any:
    import pyarrow as pa

    return pa.ipc.IpcWriteOptions(compression="lz4")
