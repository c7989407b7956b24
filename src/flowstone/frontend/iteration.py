"""Going over values in constant expressions: only what has the same order in every run, and not for ever."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Any

from flowstone.frontend.operators import MAX_ITEMS, MAX_TEXT, LimitError, UnstableError
from flowstone.frontend.values import Symbol

UNORDERED = (set, frozenset)


def ordered(values: Any) -> Any:
    """The iterable, if its order is the same in every run and its length bounded. Errors: LimitError, UnstableError."""
    if isinstance(values, UNORDERED) and len(values) > 1:
        raise UnstableError("the order of a set differs from run to run; write sorted(...)")
    return short(values)


def short(values: Any) -> Any:
    """The iterable, if its length is bounded; iterators are counted when they are read. Errors: LimitError."""
    if hasattr(values, "__len__") and len(values) > max(MAX_ITEMS, MAX_TEXT if isinstance(values, str | bytes) else 0):
        raise LimitError(f"{len(values)} items are more than the limit of {MAX_ITEMS}")
    return values


def comparable(values: Any) -> Any:
    """The iterable, if sorting it gives the same in every run. Errors: LimitError, UnstableError."""
    if isinstance(values, UNORDERED) and not _totally_ordered(values):
        raise UnstableError("the order of this set differs from run to run, also when it is sorted")
    return short(values)


def _totally_ordered(values: Iterable[Any]) -> bool:
    kinds = {type(item) for item in values}
    if kinds <= {int, bool}:
        return True
    if len(kinds) != 1:
        return False
    (kind,) = kinds
    if kind is tuple:
        return all(
            _totally_ordered([item[place] for item in values if place < len(item)]) for place in range(_width(values))
        )
    return kind in (str, bytes, date, time, timedelta)


def _width(values: Iterable[tuple[Any, ...]]) -> int:
    return max(map(len, values), default=0)


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
