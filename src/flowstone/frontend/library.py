"""The functions, methods and attributes of Python that constant expressions may use.

Each is Python's own, so that the evaluator agrees with Python; arguments are bounded before the call.
"""

from __future__ import annotations

import datetime
import pathlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowstone.frontend.operators import (
    MAX_BITS,
    MAX_ITEMS,
    MAX_TEXT,
    LimitError,
    UnstableError,
    check_format_spec,
    check_template,
    printable,
)
from flowstone.frontend.values import Symbol, TextMember

UNORDERED = (set, frozenset)


def ordered(values: Any) -> Any:
    """The iterable, if its order is the same in every run and its length bounded. Errors: LimitError, UnstableError."""
    if isinstance(values, UNORDERED):
        raise UnstableError("the order of a set differs from run to run; write sorted(...)")
    return short(values)


def short(values: Any) -> Any:
    """The iterable, if its length is bounded. Errors: LimitError."""
    if hasattr(values, "__len__") and len(values) > max(MAX_ITEMS, MAX_TEXT if isinstance(values, str | bytes) else 0):
        raise LimitError(f"{len(values)} items are more than the limit of {MAX_ITEMS}")
    return values


def _text(*arguments: Any) -> str:
    if len(arguments) > 1:
        raise UnstableError("str() of bytes is not evaluated")
    for value in arguments:
        printable(value)
    return str(*arguments)


def _whole(value: Any = 0, *base: Any) -> int:
    if isinstance(value, str | bytes) and len(value) > MAX_BITS // 4:
        raise LimitError("the text is too long for a number")
    return int(value, *base)


def _any_order(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments, **keywords: function(*(short(item) for item in arguments), **keywords)


def _in_order(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments, **keywords: function(*(ordered(item) for item in arguments), **keywords)


def _total(values: Iterable[Any], start: Any = 0) -> Any:
    values = list(ordered(values))
    if any(isinstance(item, list | tuple) for item in [*values, start]):
        length = sum(len(item) for item in [*values, start] if isinstance(item, list | tuple))
        if length > MAX_ITEMS or length * len(values) > 50 * MAX_ITEMS:
            raise LimitError("the sum of these sequences is too long")
    return sum(values, start)


def _rounded(value: Any, *digits: Any) -> Any:
    if any(isinstance(item, int) and abs(item) > MAX_BITS // 4 for item in digits):
        raise LimitError("the number of digits is too large")
    return round(value, *digits)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs,
    "all": _any_order(all),
    "any": _any_order(any),
    "bool": bool,
    "dict": _in_order(dict),
    "enumerate": _in_order(enumerate),
    "float": float,
    "frozenset": _any_order(frozenset),
    "int": _whole,
    "len": len,
    "list": _in_order(list),
    "max": _in_order(max),
    "min": _in_order(min),
    "range": range,
    "reversed": _in_order(reversed),
    "round": _rounded,
    "set": _any_order(set),
    "sorted": _any_order(sorted),
    "str": _text,
    "sum": _total,
    "tuple": _in_order(tuple),
    "zip": _in_order(zip),
}
"""Builtins by name. Those that take values apart get iterators too."""

FUNCTION_KEYWORDS = {
    "dict": None,
    "enumerate": {"start"},
    "max": {"default"},
    "min": {"default"},
    "sorted": {"reverse"},
    "sum": {"start"},
    "zip": {"strict"},
}
"""Keywords that a builtin takes here; None: any."""

CONSTRUCTORS: Mapping[str, Callable[..., Any]] = {
    "datetime.date": datetime.date,
    "datetime.date.fromisoformat": datetime.date.fromisoformat,
    "datetime.datetime": datetime.datetime,
    "datetime.datetime.combine": datetime.datetime.combine,
    "datetime.datetime.fromisoformat": datetime.datetime.fromisoformat,
    "datetime.time": datetime.time,
    "datetime.timedelta": datetime.timedelta,
    "pathlib.Path": pathlib.PurePath,
    "pathlib.PosixPath": pathlib.PurePosixPath,
    "pathlib.PurePath": pathlib.PurePath,
    "pathlib.PurePosixPath": pathlib.PurePosixPath,
}
"""Callables of the standard library by dotted name."""

VALUES: Mapping[str, Any] = {
    "datetime.UTC": datetime.UTC,
    "datetime.timezone.utc": datetime.UTC,
    "typing.TYPE_CHECKING": False,
}
"""Constants of the standard library by dotted name."""

_TEXT_METHODS = (
    "capitalize casefold center count endswith find format index isalnum isalpha isascii isdecimal isdigit "
    "isidentifier islower isnumeric isspace istitle isupper join ljust lower lstrip partition removeprefix "
    "removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase "
    "title upper zfill"
)
METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(_TEXT_METHODS.split()),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    set: frozenset({"difference", "intersection", "issubset", "issuperset", "symmetric_difference", "union"}),
    frozenset: frozenset({"difference", "intersection", "issubset", "issuperset", "symmetric_difference", "union"}),
    datetime.datetime: frozenset({"date", "isoformat", "isoweekday", "replace", "strftime", "time", "weekday"}),
    datetime.date: frozenset({"isoformat", "isoweekday", "replace", "strftime", "weekday"}),
    datetime.time: frozenset({"isoformat", "replace", "strftime"}),
    datetime.timedelta: frozenset({"total_seconds"}),
    pathlib.PurePath: frozenset({"as_posix", "joinpath", "with_name", "with_stem", "with_suffix"}),
}
"""Methods that may be called, by the type of the value."""

ATTRIBUTES: Mapping[type, frozenset[str]] = {
    datetime.datetime: frozenset({"year", "month", "day", "hour", "minute", "second", "microsecond"}),
    datetime.date: frozenset({"year", "month", "day"}),
    datetime.time: frozenset({"hour", "minute", "second", "microsecond"}),
    datetime.timedelta: frozenset({"days", "seconds", "microseconds"}),
    pathlib.PurePath: frozenset({"name", "parent", "parts", "stem", "suffix"}),
    int: frozenset({"real", "imag", "numerator", "denominator"}),
    range: frozenset({"start", "step", "stop"}),
}
"""Attributes that may be read, by the type of the value."""


def allowed(table: Mapping[type, frozenset[str]], value: Any, name: str) -> bool:
    """Whether the table has the name for a value of this type."""
    return any(isinstance(value, kind) and name in names for kind, names in table.items())


def call_method(value: Any, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """Call an allowed method. Errors: LimitError, UnstableError, and what the method raises."""
    if isinstance(value, str):
        _check_text_method(value, name, arguments, keywords)
    elif name == "strftime":
        check_format_spec(str(arguments[0]) if arguments else "")
    elif isinstance(value, UNORDERED):
        arguments = [short(item) for item in arguments]
    return getattr(value, name)(*arguments, **keywords)


def _check_text_method(value: str, name: str, arguments: list[Any], keywords: dict[str, Any]) -> None:
    if name == "format":
        if isinstance(value, TextMember):
            value = str(value)
        check_template(value, [*arguments, *keywords.values()])
    elif name in ("center", "ljust", "rjust", "zfill") and arguments and isinstance(arguments[0], int):
        if arguments[0] > MAX_TEXT:
            raise LimitError(f"the text would have {arguments[0]} characters, and the limit is {MAX_TEXT}")
    elif name == "replace" and len(arguments) > 1 and all(isinstance(item, str) for item in arguments[:2]):
        if value.count(arguments[0]) * len(arguments[1]) > MAX_TEXT:
            raise LimitError(f"the text would be longer than the limit of {MAX_TEXT} characters")
    elif name == "join" and arguments:
        items = arguments[0] = list(ordered(arguments[0]))
        if sum(len(item) + len(value) for item in items if isinstance(item, str)) > MAX_TEXT:
            raise LimitError(f"the text would be longer than the limit of {MAX_TEXT} characters")


def first_symbol(value: Any) -> Symbol | None:
    """The symbol that a value is or holds, if any."""
    if isinstance(value, Symbol):
        return value
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return next((found for item in value if (found := first_symbol(item)) is not None), None)
    return None


def is_symbolic(value: Any) -> bool:
    """Whether a value is, or holds, what can only be named."""
    return first_symbol(value) is not None
