"""Places in a text as the front end counts them and as editors do.

The front end counts lines and characters from 1. An editor counts from 0, and columns in the units of the encoding that
it agreed on with the server: usually UTF-16, where an emoji takes two.
"""

from __future__ import annotations

from functools import cached_property

from lsprotocol import types

from flowstone.diagnostics.diagnostic import Span

Encoding = types.PositionEncodingKind | str


class Text:
    """A file's text. A line feed is its only line end."""

    def __init__(
        self, text: str, encoding: types.PositionEncodingKind | str = types.PositionEncodingKind.Utf16
    ) -> None:
        self.text = text
        self._unit = _UNITS[types.PositionEncodingKind(encoding)]

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.split("\n")

    def line(self, number: int) -> str:
        """A line by its number from 1; empty behind the end of the text."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def position(self, line: int, column: int) -> types.Position:
        """A place as the editor counts it."""
        text = self.line(line)
        if text.isascii():
            return types.Position(max(line - 1, 0), max(min(column - 1, len(text)), 0))
        return types.Position(max(line - 1, 0), self._units(text[: max(column - 1, 0)]))

    def range(self, span: Span) -> types.Range:
        """A span as the editor counts it; what spans nothing is widened to the end of its line."""
        start = self.position(span.line, span.column)
        end = self.position(span.end_line, span.end_column)
        if start == end:
            end = self.position(span.line, len(self.line(span.line)) + 1)
        return types.Range(start, end)

    def place(self, position: types.Position) -> tuple[int, int]:
        """Line and column of the editor's position, from 1. What lies behind the end of a line is its end."""
        line = position.line + 1
        text = self.line(line)
        if text.isascii():
            return line, min(position.character, len(text)) + 1
        units = 0
        for column, char in enumerate(text, start=1):
            if units >= position.character:
                return line, column
            units += self._units(char)
        return line, len(text) + 1

    def whole(self) -> types.Range:
        """All of the text."""
        last = len(self.lines)
        return types.Range(types.Position(0, 0), self.position(last, len(self.lines[-1]) + 1))

    def _units(self, text: str) -> int:
        encoding, width = self._unit
        return len(text.encode(encoding, "surrogatepass")) // width


_UNITS = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}
"""How each encoding of positions encodes a text, and the bytes of a unit."""


def normal(text: str) -> str:
    """The text with the line ends that the front end expects, and without a byte order mark."""
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
