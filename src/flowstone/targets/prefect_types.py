"""Types of config parameters as annotations of a flow: Prefect makes the form for a run from them, and validates it."""

from __future__ import annotations

from flowstone.ir.node import Json
from flowstone.ir.types import UNION, TypeExpr
from flowstone.targets.literals import py

_PLAIN = frozenset({"bool", "float", "int", "str"})
_AS_TEXT = frozenset(
    {
        "datetime.date",
        "datetime.datetime",
        "datetime.time",
        "datetime.timedelta",
        "decimal.Decimal",
        "pathlib.Path",
        "uuid.UUID",
    }
)
"""Types whose values are texts in JSON; the runtime makes the values of them."""
_LISTS = frozenset({"Sequence", "frozenset", "list", "set", "tuple"})
_MAPPINGS = frozenset({"Mapping", "dict"})


def annotation_text(type: TypeExpr | None, default: Json) -> str:
    """The annotation: of JSON values only, ``Any`` for what is not known, and one that takes the default."""
    text = _text(type)
    if default is None and text != "Any" and "None" not in text.split(" | "):
        return f"{text} | None"
    return text


def _text(type: TypeExpr | None) -> str:
    if type is None:
        return "Any"
    if type.name in _PLAIN:
        return type.name
    if type.name == "None":
        return "None"
    if type.name in _AS_TEXT:
        return "str"
    if type.name == "Literal":
        return f"Literal[{', '.join(map(py, type.values))}]"
    if type.name == UNION:
        members = list(dict.fromkeys(map(_text, type.args)))
        return "Any" if "Any" in members else " | ".join(members)
    if type.name in _LISTS:
        return f"list[{_text(type.args[0])}]" if len(type.args) == 1 else "list[Any]"
    if type.name in _MAPPINGS:
        return f"dict[str, {_text(type.args[1])}]" if len(type.args) == 2 else "dict[str, Any]"
    return "Any"
