"""Whole projects from texts."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from flowstone.config.model import Settings
from flowstone.frontend import Loaded, load

Files = dict[str, str | bytes]


class Loader:
    """Writes files into a fresh folder and runs the front end on them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Files) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(text, bytes):
                path.write_bytes(text)
            else:
                path.write_bytes(textwrap.dedent(text).encode())

    def __call__(self, text: str | Files = "", **settings: object) -> Loaded:
        self.write({"pipe.py": text} if isinstance(text, str) else text)
        values = {"name": "demo", "root": self.root, "home": self.root / ".flowstone", "sources": (".",), **settings}
        return load(Settings(**values))

    def findings(self, text: str | Files, **settings: object) -> list[tuple[str, int, int]]:
        """Code, line and column of every finding."""
        return [(item.code, item.span.line, item.span.column) for item in self(text, **settings).diagnostics]


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Loaded]:
    return Loader(tmp_path)
