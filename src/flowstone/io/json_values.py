"""Python values as JSON and back, without silent changes.

What JSON has is written as it is. What it has not is written as ``{"$type": NAME, "value": ...}`` and comes back as
it was: tuples, sets, bytes, dates and times, decimals, UUIDs, floats without a number, and dicts whose keys are not
all texts. Dataclasses, pydantic models, named tuples and enums are written plainly, as objects and as the enum's
value; they come back as what the consumer's annotation names (see ``flowstone.io.restore``), without one as dicts and
plain values.

Equal values built in the same order give equal bytes: dicts keep their order, sets are sorted.
"""

from __future__ import annotations

import dataclasses
import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

TAG = "$type"
_decode_plain = json.JSONDecoder().decode
_UNICODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_ASCII = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode


class NotJsonError(ValueError):
    """A value has no JSON form; the text says which."""


def dumps(value: Any) -> bytes:
    """Canonical bytes of a value. Errors: NotJsonError."""
    try:
        tree = encode(value)
        try:
            return _text(tree, ascii=False).encode()
        except UnicodeEncodeError:  # lone surrogates have an escaped form only
            return _text(tree, ascii=True).encode()
    except RecursionError:
        raise NotJsonError("it is nested too deeply, or holds itself") from None


def _text(tree: Any, *, ascii: bool) -> str:
    try:
        return (_ASCII if ascii else _UNICODE)(tree) + "\n"
    except ValueError as error:  # an integer with more digits than Python prints
        raise NotJsonError(str(error)) from error


def loads(data: bytes) -> Any:
    """The value of bytes that ``dumps`` made. Errors: ValueError for other bytes."""
    text = data.decode()
    return _decode_tagged(text) if '"$type"' in text else _decode_plain(text)


def encode(value: Any) -> Any:
    """The tree that stands for a value. Errors: NotJsonError."""
    kind = type(value)
    if kind in (str, int, bool, type(None)):
        return value
    if kind is float:
        return value if math.isfinite(value) else {TAG: "float", "value": repr(value)}
    if kind is list:
        return [encode(item) for item in value]
    if kind is dict:
        return _encode_dict(value)
    encoder = _ENCODERS.get(kind)
    return _encode_structure(value) if encoder is None else {TAG: kind.__name__, "value": encoder(value)}


def _encode_dict(value: dict[Any, Any]) -> Any:
    if TAG not in value and all(type(key) is str for key in value):
        return {key: encode(item) for key, item in value.items()}
    return {TAG: "dict", "value": [[encode(key), encode(item)] for key, item in value.items()]}


def _encode_structure(value: Any) -> Any:
    if isinstance(value, Enum):
        return encode(value.value)
    if isinstance(value, BaseModel):
        return encode(value.model_dump(by_alias=True, round_trip=True))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value) if field.init}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: encode(getattr(value, name)) for name in value._fields}
    kind = type(value)
    raise NotJsonError(f"a {kind.__module__}.{kind.__qualname__} has no JSON form")


def _encode_set(value: Any) -> list[Any]:
    return sorted((encode(item) for item in value), key=lambda item: _text(item, ascii=True))


def _encode_datetime(value: datetime) -> Any:
    if isinstance(value.tzinfo, ZoneInfo) and value.tzinfo.key is not None:
        return [value.replace(tzinfo=None).isoformat(), value.tzinfo.key, value.fold]
    return value.isoformat()


def _decode_datetime(value: Any) -> datetime:
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    text, zone, fold = value
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def _encode_time(value: time) -> str:
    if value.tzinfo is not None and value.utcoffset() is None:
        raise NotJsonError(f"the time {value} has no offset without a date; store a datetime")
    return value.isoformat()


def _encode_timedelta(value: timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


_ENCODERS: dict[type, Callable[[Any], Any]] = {
    tuple: lambda value: [encode(item) for item in value],
    set: _encode_set,
    frozenset: _encode_set,
    bytes: lambda value: b64encode(value).decode(),
    datetime: _encode_datetime,
    date: date.isoformat,
    time: _encode_time,
    timedelta: _encode_timedelta,
    Decimal: str,
    UUID: str,
}

_DECODERS: dict[str, Callable[[Any], Any]] = {
    "dict": dict,
    "float": float,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "bytes": b64decode,
    "datetime": _decode_datetime,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda value: timedelta(*value),
    "Decimal": Decimal,
    "UUID": UUID,
}


def _decode(tree: dict[str, Any]) -> Any:
    if TAG not in tree:
        return tree
    decoder = _DECODERS.get(tree[TAG]) if tree.keys() == {TAG, "value"} else None
    if decoder is None:
        raise ValueError(f"unknown value type {tree[TAG]!r}: was it written by a newer version?")
    return decoder(tree["value"])


_decode_tagged = json.JSONDecoder(object_hook=_decode).decode
