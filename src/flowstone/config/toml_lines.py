"""On which line of a TOML text each key stands: ``tomllib`` does not tell.

Only for messages, and only for texts that ``tomllib`` has read: keys inside inline tables are found with their table.
"""

from __future__ import annotations

from flowstone.patterns import pattern

Path = tuple[str, ...]

_KEY_PART = pattern(r"""[ \t]*(?:([A-Za-z0-9_-]+)|"((?:[^"\\]|\\.)*)"|'([^']*)')[ \t]*""")
_TOKEN = pattern(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*|[\[\]{}]')


class KeyLines:
    """The lines of the keys of one text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._table: Path = ()
        self._depth = 0
        self._quotes: str | None = None
        for number, line in enumerate(text.splitlines(), 1):
            self._read(line, number)

    def find(self, path: Path) -> int | None:
        """The line of a key, or of the nearest table around it; None if there is neither."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return None

    def _read(self, line: str, number: int) -> None:
        if self._quotes is not None or self._depth > 0:
            self._skip(line)
            return
        text = line.strip()
        if text.startswith("["):
            self._table, _ = _key(text.lstrip("["))
            self._lines.setdefault(self._table, number)
            return
        key, rest = _key(text)
        if key and rest.startswith("="):
            self._lines.setdefault(self._table + key, number)
            self._skip(rest)

    def _skip(self, text: str) -> None:
        """Read a value's text, to know whether it goes on in the next line."""
        if self._quotes is not None:
            _, found, text = text.partition(self._quotes)
            if not found:
                return
            self._quotes = None
        for token in _TOKEN.finditer(text):
            if token[0] in ("[", "{"):
                self._depth += 1
            elif token[0] in ("]", "}"):
                self._depth -= 1
            elif token[0] in ('"""', "'''"):
                self._quotes = token[0]
                self._skip(text[token.end() :])
                return


def _key(text: str) -> tuple[Path, str]:
    """The dotted key at the beginning of a text, and what follows it."""
    parts: list[str] = []
    while match := _KEY_PART.match(text):
        parts.append(next(group for group in match.groups() if group is not None))
        text = text[match.end() :]
        if not text.startswith("."):
            break
        text = text[1:]
    return tuple(parts), text
