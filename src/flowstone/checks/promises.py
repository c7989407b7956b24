"""Whether a type promises a value: None is certainly none of what it names."""

from __future__ import annotations

import re
from collections.abc import Collection

from flowstone.ir.types import UNKNOWN, TypeExpr

_MAY_BE_NONE = frozenset({"None", UNKNOWN, "object", "Hashable", "Never", "NoReturn", "TypeVar"})
_MAY_SAY_NONE = re.compile(r"maybe|none|null|option|json|any$", re.IGNORECASE)
"""Names of other packages that may stand for more than a class."""
_TYPING = re.compile(r"\btyp(?:es|ing)\b|_typing\b|type_aliases\b")


def promises_value(type: TypeExpr, own: Collection[str]) -> bool:
    """Whether None does not fit a type. ``own`` are the classes of the project."""
    return not any(_may_be_none(member, own) for member in type.members)


def _may_be_none(member: TypeExpr, own: Collection[str]) -> bool:
    if member.name in _MAY_BE_NONE or None in member.values:
        return True
    module, _, name = member.name.rpartition(".")
    if not module or member.name in own or module == "flowstone":
        return False
    return not name[:1].isupper() or _MAY_SAY_NONE.search(name) is not None or _TYPING.search(module) is not None
