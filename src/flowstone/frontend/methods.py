"""The methods and attributes of Python's own values that constant expressions may use.

Each is Python's own, so that the evaluator agrees with Python; arguments are bounded before the call.
"""

from __future__ import annotations

import datetime
import pathlib
from collections.abc import Mapping
from typing import Any

from flowstone.frontend.iteration import UNORDERED, ordered, short
from flowstone.frontend.operators import (
    MAX_TEXT,
    LimitError,
    check_format_spec,
    check_template,
)

_TEXT_METHODS = (
    "capitalize casefold center count encode endswith expandtabs find format format_map index isalnum isalpha "
    "isascii isdecimal isdigit "
    "isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip partition removeprefix "
    "removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase "
    "title translate upper zfill"
)
_SET_METHODS = frozenset(
    ["copy", "difference", "intersection", "isdisjoint", "issubset", "issuperset", "symmetric_difference", "union"]
)
METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(_TEXT_METHODS.split()),
    bytes: frozenset({"decode", "hex"}),
    int: frozenset({"bit_count", "bit_length"}),
    float: frozenset({"is_integer"}),
    dict: frozenset({"copy", "get", "items", "keys", "values"}),
    list: frozenset({"copy", "count", "index"}),
    tuple: frozenset({"count", "index"}),
    range: frozenset({"count", "index"}),
    set: _SET_METHODS,
    frozenset: _SET_METHODS,
    datetime.datetime: frozenset({"date", "isoformat", "isoweekday", "replace", "strftime", "time", "weekday"}),
    datetime.date: frozenset({"isoformat", "isoweekday", "replace", "strftime", "toordinal", "weekday"}),
    datetime.time: frozenset({"isoformat", "replace", "strftime"}),
    datetime.timedelta: frozenset({"total_seconds"}),
    pathlib.PurePath: frozenset(
        {
            "as_posix",
            "is_absolute",
            "is_relative_to",
            "joinpath",
            "relative_to",
            "with_name",
            "with_stem",
            "with_suffix",
        }
    ),
}
"""Methods that may be called, by the type of the value."""

ATTRIBUTES: Mapping[type, frozenset[str]] = {
    datetime.datetime: frozenset({"year", "month", "day", "hour", "minute", "second", "microsecond"}),
    datetime.date: frozenset({"year", "month", "day"}),
    datetime.time: frozenset({"hour", "minute", "second", "microsecond"}),
    datetime.timedelta: frozenset({"days", "seconds", "microseconds"}),
    pathlib.PurePath: frozenset({"name", "parent", "parts", "stem", "suffix", "suffixes"}),
    int: frozenset({"real", "imag", "numerator", "denominator"}),
    float: frozenset({"real", "imag"}),
    complex: frozenset({"real", "imag"}),
    range: frozenset({"start", "step", "stop"}),
}
"""Attributes that may be read, by the type of the value."""


def allowed(table: Mapping[type, frozenset[str]], value: Any, name: str) -> bool:
    """Whether the table has the name for a value of this type."""
    if isinstance(value, tuple) and table is METHODS and name in ("_asdict", "_replace"):
        return hasattr(value, "_fields")
    return any(isinstance(value, kind) and name in names for kind, names in table.items())


def call_method(value: Any, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """Call an allowed method. Errors: LimitError, UnstableError, and what the method raises."""
    if isinstance(value, str):
        _check_text_method(value, name, arguments, keywords)
    elif name == "strftime":
        check_format_spec(str(arguments[0]) if arguments else "")
    elif isinstance(value, UNORDERED):
        arguments = [short(item) for item in arguments]
    elif isinstance(value, range) and not all(isinstance(item, int) for item in arguments):
        short(value)
    found = getattr(value, name)(*arguments, **keywords)
    return dict(found) if name == "_asdict" else found


def _check_text_method(value: str, name: str, arguments: list[Any], keywords: dict[str, Any]) -> None:
    if name == "translate" and arguments and isinstance(arguments[0], dict):
        longest = max((len(item) for item in arguments[0].values() if isinstance(item, str)), default=0)
        if longest * len(value) > MAX_TEXT:
            raise LimitError(f"the text would be longer than the limit of {MAX_TEXT} characters")
    if name == "expandtabs" and any(isinstance(item, int) and item > 100 for item in [*arguments, *keywords.values()]):
        raise LimitError("the tab is too wide")
    if name == "format_map" and arguments and isinstance(arguments[0], dict):
        check_template(value, list(arguments[0].values()))
    elif name == "format":
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


def names_method(kind: type, name: str) -> bool:
    """Whether ``kind.name`` is a method that may be called."""
    return name in METHODS.get(kind, ())
