"""Classes that pydantic does not take as they are, as it takes them."""

from __future__ import annotations

import sys
import types
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import typing_extensions

_NEEDS_OTHERS = sys.version_info < (3, 12)
"""Before Python 3.12 a ``typing.TypedDict`` does not tell all that pydantic asks."""


def as_pydantic_takes_it(found: Any) -> Any:
    """A class as it is, but protocols, which anything may fulfil, and the ``TypedDict`` of older Pythons."""
    return _taken(found, frozenset())


def _taken(hint: Any, around: frozenset[Any]) -> Any:
    if getattr(hint, "_is_protocol", False):
        return Any
    if _NEEDS_OTHERS and is_typeddict(hint):
        return dict[str, Any] if hint in around else _rebuilt(hint, around | {hint})
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (None, Annotated, Literal) or not arguments:
        return hint
    inner = tuple(_taken(item, around) if isinstance(item, type) or get_origin(item) else item for item in arguments)
    return Union[inner] if origin is types.UnionType else origin[inner]  # noqa: UP007 - the members are not known


def _rebuilt(record: Any, around: frozenset[Any]) -> Any:
    fields = {}
    for name, hint in get_type_hints(record, include_extras=True).items():
        mark = get_origin(hint)  # Python itself overlooks it in annotations that are texts
        wrapped = mark in (NotRequired, Required)
        taken = _taken(get_args(hint)[0] if wrapped else hint, around)
        may_lack = mark is NotRequired or (not wrapped and name in record.__optional_keys__)
        fields[name] = typing_extensions.NotRequired[taken] if may_lack else taken
    return typing_extensions.TypedDict(record.__name__, fields)  # type: ignore[operator]
