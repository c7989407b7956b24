"""Source texts for excerpts, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from flowstone.frontend.files import UnreadableError, read_source


class SourceFiles(Mapping[str, str]):
    """Texts of a project's files by path relative to its folder; a file that cannot be read is not in it."""

    def __init__(self, root: Path, texts: Mapping[str, str] = MappingProxyType({})) -> None:
        """``texts`` are known, whatever the files hold."""
        self._root = root
        self._texts: dict[str, str | None] = dict(texts)

    def __getitem__(self, file: str) -> str:
        if file not in self._texts:
            try:
                self._texts[file] = read_source(self._root / file)
            except UnreadableError:
                self._texts[file] = None
        text = self._texts[file]
        if text is None:
            raise KeyError(file)
        return text

    def __iter__(self) -> Iterator[str]:
        return (file for file, text in self._texts.items() if text is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
