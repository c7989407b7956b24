"""Python literals and calls as text, laid out the way ``ruff format`` leaves alone.

Every value in generated code passes through ``py``: whatever a user wrote, it comes out as one literal.
"""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from math import isfinite
from typing import Any

from msgspec import Struct, field

WIDTH = 88
"""Width of generated lines: the default of ``ruff format``."""

_INDENT = 4


class Ref(Struct, frozen=True):
    """A name of the generated file, printed as it is. Errors: ValueError unless it is a dotted identifier."""

    name: str

    def __post_init__(self) -> None:
        for part in self.name.split("."):
            identifier(part)


class Call(Struct, frozen=True):
    """A call in the generated file, such as ``Asset(name="orders")``."""

    function: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Ref(self.function)
        for name in self.kwargs:
            identifier(name)


def call(function: str, *args: Any, **kwargs: Any) -> Call:
    """Short form of ``Call``."""
    return Call(function, args, kwargs)


def identifier(text: str) -> str:
    """The text itself. Errors: ValueError if it cannot be a name in Python source."""
    if not text.isascii() or not text.isidentifier() or keyword.iskeyword(text):
        raise ValueError(f"{text!r} cannot be a name in generated code")
    return text


def py(value: Any, indent: int = 0, before: int = 0, after: int = 0) -> str:
    """The value as Python source.

    ``indent`` is the indentation of the line on which it starts, ``before`` the number of characters between that and
    the value, ``after`` what follows behind it on its last line.
    Errors: ValueError for a float that is no number; TypeError for a value that has no literal.
    """
    flat = _flat(value)
    if indent + before + width(flat) + after <= WIDTH:
        return flat
    return _broken(value, indent, flat)


def width(text: str) -> int:
    """Columns that the text takes: formatters count wide characters as two and combining ones as none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me") else 1


def text_literal(text: str) -> str:
    """A string literal on one line, in the quotes that need fewer escapes, double ones if in doubt."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(char, quote) for char in text) + quote


def _escaped(char: str, quote: str) -> str:
    if char in ("\\", quote):
        return "\\" + char
    return char if char.isprintable() else repr(char)[1:-1]


def _flat(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Ref):
        return value.name
    opening, closing, items = _parts(value)
    texts = [before + _flat(item) for before, item in items]
    comma = "," if isinstance(value, tuple) and len(texts) == 1 else ""
    return f"{opening}{', '.join(texts)}{comma}{closing}"


def _number(value: float) -> str:
    if not isfinite(value):
        raise ValueError(f"{value!r} has no literal in Python")
    return repr(value).replace("e+", "e")


def _parts(value: Any) -> tuple[str, str, Iterator[tuple[str, Any]]]:
    """What opens and closes a compound value, and its items with the text before each."""
    if isinstance(value, timedelta):
        value = _duration(value)
    if isinstance(value, Call):
        named = ((f"{name}=", item) for name, item in value.kwargs.items())
        return f"{value.function}(", ")", _chain(_plain(value.args), named)
    if isinstance(value, tuple):
        return "(", ")", _plain(value)
    if isinstance(value, list):
        return "[", "]", _plain(value)
    if isinstance(value, Mapping):
        return "{", "}", ((f"{_flat(key)}: ", item) for key, item in value.items())
    raise TypeError(f"a value of type {type(value).__name__} has no literal in Python: {value!r}")


def _plain(items: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    return (("", item) for item in items)


def _chain(*parts: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for part in parts:
        yield from part


def _duration(value: timedelta) -> Call:
    seconds = value.total_seconds()
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds and seconds % length == 0:
            return call("timedelta", **{unit: int(seconds // length)})
    return call("timedelta", seconds=int(seconds) if seconds == int(seconds) else seconds)


def _broken(value: Any, indent: int, flat: str) -> str:
    """The value over several lines, one item a line."""
    if isinstance(value, str):
        return _broken_text(value, indent, flat)
    if value is None or isinstance(value, bool | int | float | Ref):
        return flat
    opening, closing, parts = _parts(value)
    items = list(parts)
    if not items:
        return flat
    inner = indent + _INDENT
    lines = (f"{' ' * inner}{before}{py(item, inner, width(before), 1)},\n" for before, item in items)
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _broken_text(text: str, indent: int, flat: str) -> str:
    """Literals side by side in parentheses, split behind blanks and line ends."""
    inner = indent + _INDENT
    if "\n" in text[:-1] and inner + width(flat) <= WIDTH:  # parts that fit on one line would be joined
        return f"(\n{' ' * inner}{flat}\n{' ' * indent})"
    pieces = list(_pieces(text, WIDTH - inner - 2))
    if len(pieces) == 1:
        return flat
    lines = (f"{' ' * inner}{text_literal(piece)}\n" for piece in pieces)
    return f"(\n{''.join(lines)}{' ' * indent})"


def _pieces(text: str, limit: int) -> Iterator[str]:
    """The text in pieces that end behind a line end or a blank, each as long as fits."""
    piece, length = "", 0
    for word in _words(text):
        size = sum(max(width(_escaped(char, '"')), width(_escaped(char, "'"))) for char in word)
        if piece and (length + size > limit or piece.endswith("\n")):
            yield piece
            piece, length = "", 0
        piece, length = piece + word, length + size
    yield piece


def _words(text: str) -> Iterator[str]:
    word = ""
    for char in text:
        word += char
        if char in " \n":
            yield word
            word = ""
    if word:
        yield word
