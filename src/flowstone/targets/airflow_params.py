"""Config parameters as params of a DAG, with the JSON schema that their annotation stands for."""

from __future__ import annotations

from typing import Any

from flowstone.ir.node import Json
from flowstone.ir.types import TypeExpr
from flowstone.targets.literals import Call

_SCHEMA = {
    "bool": "boolean",
    "dict": "object",
    "float": "number",
    "int": "integer",
    "list": "array",
    "None": "null",
    "str": "string",
}
_ARRAYS = ("tuple", "set", "frozenset", "Sequence")
_OBJECTS = ("Mapping",)


def param(type: TypeExpr | None, value: Json, description: str) -> Call:
    """A ``Param`` with this default. A type that JSON does not know is judged by the runtime alone."""
    options: dict[str, Any] = {}
    names = _types(type)
    if names:
        if (own := _type_of(value)) not in names and not (own == "integer" and "number" in names):
            names.append(own)
        options["type"] = names if len(names) > 1 else names[0]
    choices = _choices(type)
    if choices and value in choices:
        options["enum"] = choices
    return Call("Param", (value,), {**options, "description": description})


def _types(type: TypeExpr | None) -> list[str]:
    """Names of JSON schema; empty if the annotation allows what JSON schema cannot say."""
    if type is None:
        return []
    found: dict[str, None] = {}
    for member in type.members:
        names = [_type_of(value) for value in member.values] if member.name == "Literal" else [_name(member)]
        found.update(dict.fromkeys(names))
    return [] if "" in found else list(found)


def _name(member: TypeExpr) -> str:
    if member.name in _ARRAYS:
        return "array"
    if member.name in _OBJECTS:
        return "object"
    return _SCHEMA.get(member.name, "")


def _type_of(value: Json) -> str:
    return _SCHEMA[type(value).__name__ if value is not None else "None"]


def _choices(type: TypeExpr | None) -> list[Json]:
    if type is None or any(member.name not in ("Literal", "None") for member in type.members):
        return []
    return [value for member in type.members for value in (member.values if member.name == "Literal" else (None,))]
