"""The functions of Python and of its standard library that constant expressions may call, and its constants.

Each is Python's own, so that the evaluator agrees with Python; arguments are bounded before the call.
"""

from __future__ import annotations

import datetime
import itertools
import math
import pathlib
import string
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from flowstone.frontend.iteration import comparable, ordered, short
from flowstone.frontend.operators import (
    MAX_BITS,
    MAX_ITEMS,
    LimitError,
    UnstableError,
    format_value,
    multiply,
    power,
    printable,
)


class Callee(Struct, frozen=True):
    """A function that may be called, and with what."""

    function: Callable[..., Any]
    keywords: frozenset[str] | None = frozenset()
    """Those that it may be given; None: any."""
    symbols: bool = False
    """Items may be things that can only be named: the function passes them on and does not look into them."""
    callbacks: frozenset[int | str] = frozenset()
    """Places and keywords of arguments that are functions themselves."""


def _text(*arguments: Any) -> str:
    if len(arguments) > 1:
        raise UnstableError("str() of bytes is not evaluated")
    for value in arguments:
        printable(value)
    return str(*arguments)


def _represented(value: Any) -> str:
    return format_value(value, ord("r"), "")


def _ascii(value: Any) -> str:
    return format_value(value, ord("a"), "")


def _formatted(value: Any, spec: str = "") -> str:
    return format_value(value, -1, spec)


def _whole(value: Any = 0, *base: Any) -> int:
    if isinstance(value, str | bytes) and len(value) > MAX_BITS // 4:
        raise LimitError("the text is too long for a number")
    return int(value, *base)


def _any_order(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments, **keywords: function(*(short(item) for item in arguments), **keywords)


def _in_order(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments, **keywords: function(*(ordered(item) for item in arguments), **keywords)


def _sorting(function: Callable[..., Any]) -> Callable[..., Any]:
    """``sorted``, ``min`` and ``max``: the items of a set come in no order, so that none of them may be equal."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        take = comparable if keywords.get("key") is None else ordered
        return function(*(take(item) for item in arguments), **keywords)

    return call


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


def _product(values: Iterable[Any], *, start: Any = 1) -> Any:
    for item in ordered(values):
        start = multiply(start, item)
        if isinstance(start, int) and start.bit_length() > MAX_BITS:
            raise LimitError("the product is too large")
    return start


def _repeated(item: Any, times: int) -> Iterator[Any]:
    return itertools.repeat(item, times)


_KEY = frozenset({"key"})
_SORTED = frozenset({"key", "reverse"})
_EXTREME = frozenset({"default", "key"})

CALLS: Mapping[str, Callee] = {
    "builtins.abs": Callee(abs),
    "builtins.all": Callee(_any_order(all)),
    "builtins.any": Callee(_any_order(any)),
    "builtins.ascii": Callee(_ascii),
    "builtins.bin": Callee(bin),
    "builtins.bool": Callee(bool),
    "builtins.chr": Callee(chr),
    "builtins.dict": Callee(_in_order(dict), None, symbols=True),
    "builtins.dict.fromkeys": Callee(lambda keys, value=None: dict.fromkeys(ordered(keys), value), symbols=True),
    "builtins.divmod": Callee(divmod),
    "builtins.enumerate": Callee(_in_order(enumerate), frozenset({"start"}), symbols=True),
    "builtins.filter": Callee(
        lambda function, items: filter(function, ordered(items)), symbols=True, callbacks=frozenset({0})
    ),
    "builtins.float": Callee(float),
    "builtins.format": Callee(_formatted),
    "builtins.frozenset": Callee(_any_order(frozenset)),
    "builtins.hex": Callee(hex),
    "builtins.int": Callee(_whole),
    "builtins.iter": Callee(lambda items: iter(ordered(items)), symbols=True),
    "builtins.len": Callee(len, symbols=True),
    "builtins.list": Callee(_in_order(list), symbols=True),
    "builtins.map": Callee(
        lambda function, *items: map(function, *(ordered(item) for item in items)),
        symbols=True,
        callbacks=frozenset({0}),
    ),
    "builtins.max": Callee(_sorting(max), _EXTREME, callbacks=_KEY),
    "builtins.min": Callee(_sorting(min), _EXTREME, callbacks=_KEY),
    "builtins.next": Callee(next, symbols=True),
    "builtins.oct": Callee(oct),
    "builtins.ord": Callee(ord),
    "builtins.pow": Callee(power),
    "builtins.range": Callee(range),
    "builtins.repr": Callee(_represented),
    "builtins.reversed": Callee(_in_order(reversed), symbols=True),
    "builtins.round": Callee(_rounded),
    "builtins.set": Callee(_any_order(set)),
    "builtins.slice": Callee(slice),
    "builtins.sorted": Callee(_sorting(sorted), _SORTED, callbacks=_KEY),
    "builtins.str": Callee(_text),
    "builtins.str.maketrans": Callee(str.maketrans),
    "builtins.sum": Callee(_total, frozenset({"start"})),
    "builtins.tuple": Callee(_in_order(tuple), symbols=True),
    "builtins.zip": Callee(_in_order(zip), frozenset({"strict"}), symbols=True),
    "datetime.date": Callee(datetime.date, None),
    "datetime.date.fromisoformat": Callee(datetime.date.fromisoformat),
    "datetime.datetime": Callee(datetime.datetime, None),
    "datetime.datetime.combine": Callee(datetime.datetime.combine, None),
    "datetime.datetime.fromisoformat": Callee(datetime.datetime.fromisoformat),
    "datetime.time": Callee(datetime.time, None),
    "datetime.timedelta": Callee(datetime.timedelta, None),
    "itertools.accumulate": Callee(_in_order(itertools.accumulate)),
    "itertools.chain": Callee(_in_order(itertools.chain), symbols=True),
    "itertools.chain.from_iterable": Callee(
        lambda items: itertools.chain.from_iterable(map(ordered, ordered(items))), symbols=True
    ),
    "itertools.combinations": Callee(lambda items, size: itertools.combinations(ordered(items), size), symbols=True),
    "itertools.count": Callee(itertools.count),
    "itertools.cycle": Callee(_in_order(itertools.cycle), symbols=True),
    "itertools.islice": Callee(lambda items, *bounds: itertools.islice(ordered(items), *bounds), symbols=True),
    "itertools.pairwise": Callee(_in_order(itertools.pairwise), symbols=True),
    "itertools.permutations": Callee(lambda items, *size: itertools.permutations(ordered(items), *size), symbols=True),
    "itertools.product": Callee(_in_order(itertools.product), symbols=True),
    "itertools.repeat": Callee(_repeated, symbols=True),
    "itertools.zip_longest": Callee(_in_order(itertools.zip_longest), frozenset({"fillvalue"}), symbols=True),
    "math.ceil": Callee(math.ceil),
    "math.floor": Callee(math.floor),
    "math.gcd": Callee(math.gcd),
    "math.isqrt": Callee(math.isqrt),
    "math.prod": Callee(_product, frozenset({"start"})),
    "math.sqrt": Callee(math.sqrt),
    "math.trunc": Callee(math.trunc),
    "pathlib.Path": Callee(pathlib.PurePosixPath),
    "pathlib.PosixPath": Callee(pathlib.PurePosixPath),
    "pathlib.PurePath": Callee(pathlib.PurePosixPath),
    "pathlib.PurePosixPath": Callee(pathlib.PurePosixPath),
    "textwrap.dedent": Callee(textwrap.dedent),
}
"""By dotted name. Those that take values apart get iterators too."""

TYPES: Mapping[str, type] = {
    f"builtins.{kind.__name__}": kind
    for kind in (bool, bytes, complex, dict, float, frozenset, int, list, range, set, str, tuple)
}
"""Types that ``isinstance`` may ask for, and whose methods may be named: ``str.upper``."""

VALUES: Mapping[str, Any] = {
    "datetime.UTC": datetime.UTC,
    "datetime.timezone.utc": datetime.UTC,
    "math.e": math.e,
    "math.inf": math.inf,
    "math.nan": math.nan,
    "math.pi": math.pi,
    "math.tau": math.tau,
    "typing.TYPE_CHECKING": False,
    **{
        f"string.{name}": getattr(string, name)
        for name in ("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits", "punctuation")
    },
}
"""Constants of the standard library by dotted name."""
