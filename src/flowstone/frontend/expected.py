"""Whether a value is of the type that a keyword's annotation names, said in words."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from flowstone.dsl.duration import Duration
from flowstone.dsl.mappings import SingleMapping
from flowstone.dsl.partitions import Partitions, SinglePartitions

_WORDS: Mapping[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    type(None): "None",
    Any: "a JSON value",
    timedelta: "a timedelta",
}
_SHOWN = 80
_NAMED = (
    (Duration, "a length of time such as '30s'"),
    (Partitions, "a partition definition"),
    (SinglePartitions, "partitions of one dimension"),
    (SingleMapping, "a mapping of partitions"),
)


@lru_cache(maxsize=64)
def hints(owner: Any) -> Mapping[str, Any]:
    """The annotations of a class of the language, or of a function, evaluated."""
    return get_type_hints(owner)


@lru_cache(maxsize=256)
def _parts(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return get_origin(hint), get_args(hint)


def fits(value: Any, hint: Any) -> bool:
    """Whether the value is of the annotated type."""
    if value.__class__ is hint:
        return True  # the usual case
    origin, arguments = _parts(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, item) for item in arguments)
    if origin is Literal:
        return value in arguments
    if origin is tuple:
        return isinstance(value, list | tuple) and all(fits(item, arguments[0]) for item in value)
    if origin is Sequence:
        return isinstance(value, list | tuple) and all(fits(item, arguments[0]) for item in value)
    if origin is Mapping:
        return isinstance(value, dict) and all(
            fits(key, arguments[0]) and fits(item, arguments[1]) for key, item in value.items()
        )
    if origin is type:
        return False
    if hint is Any:
        return is_json(value)
    if hint is str:
        return isinstance(value, str) and is_text(value)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def is_text(value: str) -> bool:
    """Whether a text can be stored: half of a surrogate pair is no character."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def is_json(value: Any) -> bool:
    """Whether a value can be written as JSON; tuples count as lists."""
    if isinstance(value, float):
        return value == value and abs(value) != float("inf")
    if isinstance(value, str):
        return is_text(value)
    if value is None or isinstance(value, bool | int):
        return True
    if isinstance(value, list | tuple):
        return all(map(is_json, value))
    return isinstance(value, dict) and all(
        isinstance(key, str) and is_text(key) and is_json(item) for key, item in value.items()
    )


def to_json(value: Any) -> Any:
    """A JSON value in its plainest form: lists for tuples, no subclasses of ``str``."""
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, str):
        return str.__str__(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def shown(value: Any) -> str:
    """A value as a message shows it: not longer than a line."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def words(hint: Any) -> str:
    """What a value of the annotated type is called."""
    for named, text in _NAMED:
        if hint == named:
            return text
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(words(item) for item in arguments if item is not type(None)))
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    if origin in (Sequence, tuple):
        return f"a list of {_many(arguments[0])}"
    if origin is Mapping:
        return f"a mapping from texts to {_many(arguments[1])}"
    if origin is type:
        return "an exception class"
    return _WORDS.get(hint) or f"{_article(hint.__name__)}(...)"


def _many(hint: Any) -> str:
    return {str: "texts", Any: "JSON values"}.get(hint) or f"{words(hint)} each"


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
