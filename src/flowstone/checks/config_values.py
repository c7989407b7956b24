"""Whether a config parameter can take a value."""

from __future__ import annotations

from pydantic import ValidationError

from flowstone.checks.compatibility import Compatibility
from flowstone.ir.node import Json
from flowstone.ir.types import TypeExpr

_AS_WRITTEN = frozenset({"bool", "dict", "float", "frozenset", "int", "list", "None", "set", "str", "tuple"})
"""Types that a JSON value is not converted to: what stands for them is one of them."""
_ZERO_OR_ONE = (0, 1)


def is_taken(type: TypeExpr, value: Json) -> bool:
    """Whether the value can be made one of the annotated type when the function runs."""
    from flowstone.ir.config_types import adapter  # only where a value is not plainly of the type

    try:
        adapter(type).validate_python(value)
    except ValidationError:
        return False
    return True


def is_of_type(judge: Compatibility, type: TypeExpr, value: Json) -> bool:
    """Whether a default is what its annotation says. None is, for short; so is a text for a date or the like."""
    if value is None or (type.name == value.__class__.__name__ and not type.args):
        return True  # the usual case
    if isinstance(value, list | dict):
        return is_taken(type, value)
    given = TypeExpr(name="float") if isinstance(value, float) else TypeExpr(name="Literal", values=(value,))
    if judge.fits(given, type):
        return True
    if not isinstance(value, float) and value in _ZERO_OR_ONE and any(item.name == "bool" for item in type.members):
        return True
    return any(member.name not in _AS_WRITTEN for member in type.members) and is_taken(type, value)
