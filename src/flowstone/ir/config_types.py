"""What validates and converts values of config parameters: as far as annotations name types of Python itself."""

from __future__ import annotations

import datetime
import decimal
import pathlib
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, Union

from pydantic import TypeAdapter

from flowstone.ir.types import UNION, TypeExpr

_PLAIN: Mapping[str, Any] = {
    "...": ...,
    "None": None,
    "bool": bool,
    "bytes": bytes,
    "datetime.date": datetime.date,
    "datetime.datetime": datetime.datetime,
    "datetime.time": datetime.time,
    "datetime.timedelta": datetime.timedelta,
    "decimal.Decimal": decimal.Decimal,
    "float": float,
    "int": int,
    "pathlib.Path": pathlib.Path,
    "str": str,
    "uuid.UUID": uuid.UUID,
}
_GENERIC: Mapping[str, Any] = {
    "Mapping": dict,
    "Sequence": list,
    "dict": dict,
    "frozenset": frozenset,
    "list": list,
    "set": set,
    "tuple": tuple,
}


@lru_cache(maxsize=1024)
def adapter(type: TypeExpr | None) -> TypeAdapter[Any]:
    """What validates values of a type; types that are not Python's own are not judged."""
    return TypeAdapter(Any if type is None else _python_type(type))


def _python_type(type: TypeExpr) -> Any:
    if type.name in _PLAIN:
        return _PLAIN[type.name]
    if type.name == "Literal":
        return Literal[type.values]
    members = [_python_type(item) for item in type.args]
    if type.name == UNION:
        return Union[tuple(members)]  # noqa: UP007 - the members are known only now
    if type.name in _GENERIC:
        base = _GENERIC[type.name]
        return base[tuple(members)] if members else base
    return Any
