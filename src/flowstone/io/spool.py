"""Files that are read, or written and read again, under no name that anybody else sees."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


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


class Spool:
    """Record batches in a file without a name: written once, read any number of times."""

    def __init__(self, folder: Path, schema: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.schema = schema
        self._file: Any = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - until it is discarded

    def fill(self, tables: Iterable[Any]) -> None:
        """Write all rows. Errors: OSError; what the tables' source raises."""
        import pyarrow as pa

        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(self._file, self.schema, options=options) as writer:
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
