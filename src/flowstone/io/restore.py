"""From JSON values to the type that a consumer annotated. Runs in workers: it imports the classes that are named."""

from __future__ import annotations

import builtins
import collections.abc
import typing
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal, Union

from pydantic import PydanticUserError, TypeAdapter, ValidationError

from flowstone.errors import UnsupportedTypeError
from flowstone.io.judge import is_plain
from flowstone.io.typed_dicts import as_pydantic_takes_it
from flowstone.ir.types import UNION, UNKNOWN, TypeExpr

MAX_FAULTS = 3

_GENERIC: dict[str, Any] = {
    "None": None,
    "object": Any,
    UNKNOWN: Any,
    "Iterable": list,
    "Iterator": list,
    "Collection": list,
    "Container": list,
    "Reversible": list,
    "MutableSet": set,
    "Set": collections.abc.Set,
    "Sequence": collections.abc.Sequence,
    "MutableSequence": collections.abc.MutableSequence,
    "Mapping": collections.abc.Mapping,
    "MutableMapping": collections.abc.MutableMapping,
}


def restore(value: Any, type: TypeExpr | None) -> Any:
    """The value as the annotation says. Errors: UnsupportedTypeError if it does not fit or the class is not found."""
    if type is None or is_plain(type):
        return value
    try:
        return _adapter(type).validate_python(value)
    except ValidationError as error:
        raise UnsupportedTypeError(f"the stored value is no {type}: {_faults(error)}") from error
    except PydanticUserError as error:
        raise UnsupportedTypeError(
            f"a value cannot be made a {type}: its annotations name something that is not there at run time",
            help="import it outside of `if TYPE_CHECKING:`",
        ) from error


def _faults(error: ValidationError) -> str:
    """The first faults in one line, without the values."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[:MAX_FAULTS]
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'value'}: {fault['msg']}" for fault in found)


@lru_cache(maxsize=512)
def _adapter(type: TypeExpr) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(_resolve(type))
    except (PydanticUserError, TypeError) as error:
        raise UnsupportedTypeError(f"a value cannot be made a {type}: {error}") from error


def _resolve(type: TypeExpr) -> Any:
    if type.name == UNION:
        return Union[tuple(map(_resolve, type.args))]  # noqa: UP007 - the number of members is not known
    if type.name == "Literal":
        return Literal[tuple(type.values)]
    origin = _named(type.name)
    arguments = tuple(... if arg.name == "..." else _resolve(arg) for arg in type.args)
    return origin[arguments] if arguments and origin is not Any else origin


def _named(name: str) -> Any:
    if name in _GENERIC:
        return _GENERIC[name]
    if "." not in name:
        if not hasattr(builtins, name) and hasattr(typing, name):
            return Any  # one that is told by its methods, such as SupportsInt
        name = f"builtins.{name}"
    module, _, rest = name.rpartition(".")
    while module:
        try:
            found = import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not module.startswith(error.name):
                raise UnsupportedTypeError(f"cannot import {name}: {error}") from error
            module, _, inner = module.rpartition(".")
            rest = f"{inner}.{rest}"
            continue
        return as_pydantic_takes_it(_attribute(found, rest, name))
    raise UnsupportedTypeError(f"cannot import {name}", help="is the module in a folder that workers import from?")


def _attribute(found: Any, path: str, name: str) -> Any:
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise UnsupportedTypeError(f"{name} does not exist") from None
    return found
