"""Columns: the parser counts bytes, a place counts characters."""

from __future__ import annotations

from collections.abc import Sequence


def column_at(lines: Sequence[str], line: int, offset: int) -> int:
    """The column, from 1, of an offset in bytes of a line, from 1."""
    text = lines[line - 1] if line <= len(lines) else ""
    if text.isascii():
        return offset + 1
    return len(text.encode("utf-8")[:offset].decode("utf-8", "ignore")) + 1
