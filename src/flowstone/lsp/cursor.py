"""What surrounds the cursor in a text that need not be finished: brackets, keywords and strings, read letter by letter.

Completion is asked for while a call or a string is open, so that no parser can help.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_FARTHEST = 300
"""Lines above the cursor in which the beginning of its statement is looked for."""
_BEGIN = re.compile(r"\s*(?:@|def\b|async\s+def\b|class\b)|[A-Za-z_]")
_CALLEE = re.compile(r"(@?)\s*([A-Za-z_][\w.]*)\s*$")
_KEYWORD = re.compile(r"([A-Za-z_]\w*)\s*$")
_DEF = re.compile(r"\bdef\s+([A-Za-z_]\w*)\s*$")
_OPEN, _CLOSE = "([{", ")]}"


@dataclass
class Bracket:
    """An open bracket."""

    opener: str
    callee: str = ""
    """What is called, with its dots; empty for a bracket that calls nothing."""
    is_decorator: bool = False
    is_definition: bool = False
    """The parameters of a ``def``."""
    keyword: str | None = None
    """The keyword whose value is being written."""
    is_value: bool = False
    """Something of the present item stands before the cursor: a colon, a default, an operator."""
    items: int = 0
    """Finished items."""
    keywords: set[str] = field(default_factory=set)
    """Keywords that were given."""

    @property
    def word(self) -> str:
        """The last part of what is called."""
        return self.callee.rpartition(".")[2]


@dataclass
class Cursor:
    """The place of the cursor."""

    brackets: list[Bracket]
    """From the outside."""
    in_string: bool
    prefix: str
    """What was written of the present name, or of the string up to the cursor."""
    statement: str
    """The statement from its beginning up to the cursor."""
    above: str
    """The text above the statement."""

    @property
    def keyword(self) -> str | None:
        """The keyword of the nearest call that the cursor stands in a value of."""
        return next((item.keyword for item in reversed(self.brackets) if item.keyword is not None), None)


def cursor_at(lines: list[str], line: int, column: int) -> Cursor:
    """What surrounds a place."""
    first = line
    while first > 1 and line - first < _FARTHEST and not _BEGIN.match(lines[first - 1]):
        first -= 1
    statement = "\n".join([*lines[first - 1 : line - 1], lines[line - 1][: column - 1]])
    reader = _Reader(statement)
    reader.read()
    prefix = statement[reader.string_start :] if reader.in_string else _word(statement)
    return Cursor(reader.brackets, reader.in_string, prefix, statement, "\n".join(lines[: first - 1]))


def _word(text: str) -> str:
    match = re.search(r"[A-Za-z_]\w*$", text)
    return "" if match is None else match[0]


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.brackets: list[Bracket] = []
        self.in_string = False
        self.string_start = 0

    def read(self) -> None:
        """Read to the end of the text."""
        text, place = self._text, 0
        while place < len(text):
            char = text[place]
            if char in "\"'":
                place = self._string(place)
            elif char == "#":
                end = text.find("\n", place)
                place = len(text) if end < 0 else end
            else:
                self._letter(char, place)
                place += 1

    def _string(self, place: int) -> int:
        """The place behind a string, or the end of the text if it is not closed."""
        text = self._text
        quote = text[place] * 3 if text.startswith(text[place] * 3, place) else text[place]
        start = end = place + len(quote)
        while end < len(text):
            if text[end] == "\\":
                end += 2
            elif text.startswith(quote, end):
                return end + len(quote)
            elif text[end] == "\n" and len(quote) == 1:
                return end
            else:
                end += 1
        self.in_string, self.string_start = True, start
        return len(text)

    def _letter(self, char: str, place: int) -> None:
        if char in _OPEN:
            self.brackets.append(self._bracket(char, place))
        elif char in _CLOSE:
            if self.brackets:
                self.brackets.pop()
        elif self.brackets:
            self._item(self.brackets[-1], char, place)

    def _bracket(self, char: str, place: int) -> Bracket:
        before = self._text[:place]
        if char != "(":
            return Bracket(char)
        if _DEF.search(before):
            return Bracket(char, is_definition=True)
        match = _CALLEE.search(before)
        return Bracket(char) if match is None else Bracket(char, match[2], is_decorator=match[1] == "@")

    def _item(self, bracket: Bracket, char: str, place: int) -> None:
        if char == ",":
            bracket.items += 1
            bracket.keyword, bracket.is_value = None, False
        elif char == "=" and bracket.opener == "(" and bracket.keyword is None:
            match = _KEYWORD.search(self._text[:place])
            if match is not None:
                bracket.keyword = match[1]
                bracket.keywords.add(match[1])
            bracket.is_value = True
        elif char == ":" or (not char.isspace() and not char.isalnum() and char != "_"):
            bracket.is_value = True
