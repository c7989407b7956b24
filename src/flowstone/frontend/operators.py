"""Python's operators on constants, bounded: what would take long or much memory is refused before it is computed.

Errors of Python itself (TypeError, ZeroDivisionError ...) pass through; ``LimitError`` says that a bound was met, and
``UnstableError`` that the result would differ between runs or versions of Python.
"""

from __future__ import annotations

import ast
import operator
import re
import string
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from pathlib import PurePath
from typing import Any

from flowstone.frontend.values import EnumMember, NumberMember, Symbol, TextMember

MAX_ITEMS = 20_000
"""Longest sequence and most loop turns."""
MAX_TEXT = 100_000
"""Longest text, in characters."""
MAX_BITS = 4_000
"""Largest whole number."""

_WIDE = re.compile(r"\d{4,}")


class LimitError(Exception):
    """A value would be larger than a declaration needs."""


class UnstableError(Exception):
    """The result is not the same in every run, or not the text that it is in the user's program."""


def _sized(length: int, limit: int) -> None:
    if length > limit:
        raise LimitError(f"the value would have {length} items or characters, and the limit is {limit}")


def bounded(value: Any) -> Any:
    """The value, if it is within the limits. Errors: LimitError."""
    if isinstance(value, str | bytes):
        _sized(len(value), MAX_TEXT)
    elif isinstance(value, list | tuple | dict | set | frozenset):
        _sized(len(value), MAX_ITEMS)
    elif isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise LimitError(f"the number would have {value.bit_length()} bits, and the limit is {MAX_BITS}")
    return value


def multiply(left: Any, right: Any) -> Any:
    """``left * right``. Errors: LimitError."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, int) and isinstance(other, str | bytes | list | tuple):
            _sized(max(one, 0) * len(other), MAX_TEXT if isinstance(other, str | bytes) else MAX_ITEMS)
    return left * right


def power(left: Any, right: Any) -> Any:
    """``left ** right``. Errors: LimitError."""
    if isinstance(left, int) and isinstance(right, int) and right * max(left.bit_length(), 1) > MAX_BITS:
        raise LimitError(f"the number would have more than {MAX_BITS} bits")
    return left**right


def _shift(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right + left.bit_length() > MAX_BITS:
        raise LimitError(f"the number would have more than {MAX_BITS} bits")
    return left << right


def _modulo(left: Any, right: Any) -> Any:
    if isinstance(left, str | bytes):
        pattern = left if isinstance(left, str) else left.decode("latin-1")
        if "*" in pattern or _WIDE.search(pattern):
            raise LimitError("the width in the format is not a small number")
        for value in right.values() if isinstance(right, dict) else right if isinstance(right, tuple) else (right,):
            printable(value)
    return left % right


BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: multiply,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: _modulo,
    ast.Pow: power,
    ast.LShift: _shift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}
UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: _contains(right, left),
    ast.NotIn: lambda left, right: not _contains(right, left),
    ast.Is: lambda left, right: _identical(left, right),
    ast.IsNot: lambda left, right: not _identical(left, right),
}


def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, range) and type(item) not in (int, bool):
        _sized(len(container), MAX_ITEMS)
    return item in container


def _identical(left: Any, right: Any) -> bool:
    for one in (left, right):
        if one is None or one is ... or isinstance(one, bool):
            return left is right
    if isinstance(left, EnumMember) and isinstance(right, EnumMember):
        return left == right
    raise UnstableError("whether two equal constants are the same object is not defined; compare with ==")


def printable(value: Any) -> None:
    """Errors: UnstableError if the text of a value is not the same in every run and version of Python."""
    if isinstance(value, TextMember | NumberMember) and not value.printable:
        raise UnstableError("the text of an enum member differs between versions of Python; write .value")
    if isinstance(value, tuple) and not getattr(value, "printable", True):
        raise UnstableError("this named tuple has a text of its own")
    if isinstance(value, list | tuple):
        for item in value:
            printable(item)
            _no_member(item)
    elif isinstance(value, dict):
        for pair in value.items():
            printable(pair)
    elif value is not None and not isinstance(
        value, str | bytes | bool | int | float | complex | date | time | timedelta | PurePath | range
    ):
        raise UnstableError(f"the text of a {type(value).__name__} is not always the same")


def _no_member(item: Any) -> None:
    if isinstance(item, TextMember | NumberMember | PurePath):
        raise UnstableError(f"how a {type(item).__name__} is written inside a container is not the same everywhere")


def check_format_spec(spec: str) -> None:
    """Errors: LimitError for a width that would make a large text."""
    if _WIDE.search(spec):
        raise LimitError("the width in the format is not a small number")
    if "%s" in spec:
        raise UnstableError("'%s' in the format of a date depends on the machine")


def format_value(value: Any, conversion: int, spec: str) -> str:
    """What ``{value!r:spec}`` in an f-string gives; ``conversion`` as in ``ast.FormattedValue``."""
    check_format_spec(spec)
    printable(value)
    if conversion in (ord("r"), ord("a")):
        _no_member(value)
    if conversion == ord("r"):
        value = repr(value)
    elif conversion == ord("a"):
        value = ascii(value)
    elif conversion == ord("s"):
        value = str(value)
    text: str = format(value, spec)
    return text


def check_template(template: str, values: list[Any]) -> None:
    """Check the arguments of ``str.format``. Errors: LimitError, UnstableError, ValueError as ``str.format``."""
    longest = 0
    for value in values:
        printable(value)
        longest = max(longest, len(str(value)))
    length = len(template)
    for _, name, spec, conversion in string.Formatter().parse(template):
        if name is None:
            continue
        length += longest
        _sized(length, MAX_TEXT)
        if "." in name or "[" in name or "{" in (spec or "") or conversion in ("r", "a"):
            raise UnstableError("this form of format() is not evaluated; write an f-string")
        check_format_spec(spec or "")


def truth(value: Any) -> bool:
    """Errors: UnstableError for what can only be named."""
    if isinstance(value, EnumMember):
        return True
    if isinstance(value, Symbol):
        raise UnstableError(f"whether '{value.dotted}' is true cannot be seen")
    return bool(value)
