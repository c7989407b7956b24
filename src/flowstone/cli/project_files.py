"""Files of a project as a cache looks at them, each read once, and texts of many as one piece of bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from flowstone.frontend.files import decode_source, read_source


class ProjectFiles:
    """The files as they are when they are first asked for, by path relative to the project's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[str, bytes | None] = {}

    def digest(self, path: str) -> str | None:
        """Digest of a file's bytes; None if there is no file. Errors: OSError."""
        data = self._bytes(path)
        return None if data is None else hashlib.sha256(data).hexdigest()

    def text(self, path: str) -> str:
        """The text of a source file. Errors: UnreadableError, OSError."""
        data = self._bytes(path)
        return read_source(self.root / path) if data is None else decode_source(data)

    def _bytes(self, path: str) -> bytes | None:
        if path not in self._read:
            file = self.root / path  # reading a pipe would wait for ever
            self._read[path] = file.read_bytes() if file.is_file() else None
        return self._read[path]


def packed(texts: Mapping[str, str]) -> bytes:
    """The texts of source files, which have no NUL characters, in order."""
    return "\0".join(texts.values()).encode("utf-8", "surrogatepass")


def unpacked(paths: Sequence[str], data: bytes) -> dict[str, str]:
    """The inverse of ``packed``. Errors: ValueError if it is not of so many texts."""
    texts = data.decode("utf-8", "surrogatepass").split("\0") if paths or data else ()
    return dict(zip(paths, texts, strict=True))
