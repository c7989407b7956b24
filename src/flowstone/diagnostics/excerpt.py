"""Text from source files made fit for a terminal: no control characters, tabs and wide letters under their carets."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from msgspec import Struct

from flowstone.diagnostics.diagnostic import Span
from flowstone.patterns import pattern

WIDEST = 160
"""Columns of a line that are shown."""
TAB = 4

_LINE_END = pattern(r"\r\n|\r|\n")


class Excerpt(Struct, frozen=True):
    """One line of source, and what is under it."""

    line: int
    text: str
    indent: int
    """Columns before the carets."""
    width: int
    """Columns of carets."""


def printable(text: str) -> str:
    """The text with everything escaped that a terminal could obey or that cannot be seen; line ends are escaped too."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_plain(char) else _escape(char) for char in text)


def source_lines(source: str) -> list[str]:
    """The lines of a source text, as places count them."""
    return _LINE_END.split(source)


def excerpt(span: Span, lines: Sequence[str]) -> Excerpt | None:
    """The first line of a place among the lines of its file; None if there is no such line."""
    if not 1 <= span.line <= len(lines):
        return None
    line = lines[span.line - 1].rstrip()
    last = span.end_column - 1 if span.end_line == span.line else len(line)
    first = min(max(span.column - 1, 0), len(line))
    last = min(max(last, first), len(line))
    shown, first, last = _cut(line, first, last)
    before, under = _columns(shown[:first]), _columns(shown[first:last])
    return Excerpt(span.line, _shown(shown), before, max(under, 1))


def _cut(line: str, first: int, last: int) -> tuple[str, int, int]:
    """A long line's part around the place."""
    if len(line) <= WIDEST:
        return line, first, last
    start = max(0, min(first - WIDEST // 4, len(line) - WIDEST))
    end = min(len(line), start + WIDEST)
    head = "..." if start else ""
    tail = "..." if end < len(line) else ""
    shift = len(head) - start
    return f"{head}{line[start:end]}{tail}", first + shift, min(last, end) + shift


def _shown(text: str) -> str:
    return printable(text.replace("\t", " " * TAB))


def _columns(text: str) -> int:
    shown = _shown(text)
    return len(shown) if shown.isascii() else sum(_width(char) for char in shown)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _is_plain(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    number = ord(char)
    if number < 0x100:
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
