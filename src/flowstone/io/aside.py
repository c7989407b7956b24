"""Values kept aside on this machine until they are published into an object store."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from typing import Any

from flowstone.io.spool import OpenFile

KEPT_IN_MEMORY = 16 << 20
"""Bytes of a staged value beyond which it is written to a temporary file."""


class Aside:
    """A ``Draft`` in memory, or in a file without a name once it has grown."""

    def __init__(self, reached: Callable[[str], None]) -> None:
        self.size = 0
        self._reached = reached
        self._hash = hashlib.sha256()
        reached("data-created")
        self._file = tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 - until it is published or discarded

    @property
    def data_version(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: bytes) -> int:
        """Write all of the data. Errors: OSError."""
        view = memoryview(data)
        self._hash.update(view)
        self.size += view.nbytes
        return self._file.write(view)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """Nothing need be flushed."""

    def close(self) -> None:
        """Does nothing: the value is kept until it is published or discarded."""

    def sync(self) -> None:
        """The value is whole."""
        self._reached("data-written")

    def file(self) -> Any:
        """The file, at its beginning."""
        self._file.seek(0)
        return self._file

    def reader(self) -> OpenFile:
        """The value, open to be read, whatever becomes of it. Errors: OSError."""
        self._file.rollover()
        self._file.flush()
        return OpenFile(os.dup(self._file.fileno()))

    def discard(self) -> None:
        """Drop it, unless that was done before."""
        self._file.close()
