"""What the items of a scattered asset came to, kept while it is being made: a retry goes on where it was.

One file for each asset and partition in FlowStone's folder, one line for each item. Each line is one write at the end
of the file, so that it survives the death of the process; a line that is cut off counts as none. The file is removed
when the asset is stored.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from flowstone.errors import StorageError
from flowstone.io import json_values

FOLDER = "scatter"
MISSING = object()


def item_name(item: Any) -> str | None:
    """What stands for an item: a digest of its JSON form; None if it has none."""
    try:
        return hashlib.sha256(json_values.dumps(item)).hexdigest()
    except json_values.NotJsonError:
        return None


class DoneItems:
    """The results that are known of a scattered asset. ``version`` stands for all that they depend on but the items.

    Errors of each method: StorageError if the file cannot be read or written.
    """

    def __init__(self, folder: Path, asset: str, partition: str | None, version: str) -> None:
        place = hashlib.sha256(json.dumps([asset, partition]).encode()).hexdigest()[:32]
        self.path = folder / FOLDER / f"{place}.jsonl"
        self._version = version
        self._found: dict[str, Any] | None = None
        self._file: int | None = None
        self._lock = threading.Lock()

    def get(self, name: str) -> Any:
        """The JSON value that an item came to; ``MISSING`` if it is not known."""
        if self._found is None:
            self._found = self._read()
        return self._found.get(name, MISSING)

    def put(self, name: str, value: Any) -> None:
        """Keep what an item came to. What has no JSON form is not kept."""
        try:
            tree = json_values.encode(value)
            line = json.dumps([self._version, name, tree], allow_nan=False).encode() + b"\n"
        except (json_values.NotJsonError, ValueError, RecursionError):
            return
        with self._lock:
            try:
                os.write(self._opened(), line)
            except OSError as error:
                raise StorageError(f"cannot write {self.path}: {error.strerror or error}") from error

    def remove(self) -> None:
        """Forget everything: the asset is stored."""
        with suppress(FileNotFoundError):
            self.path.unlink()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        if self._file is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return self._file

    def _read(self) -> dict[str, Any]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StorageError(f"cannot read {self.path}: {error.strerror or error}") from error
        found: dict[str, Any] = {}
        for line in data.split(b"\n"):
            with suppress(ValueError):  # cut off when the process died
                version, name, tree = json_values.loads(line)
                if version == self._version:
                    found[name] = tree
        return found
