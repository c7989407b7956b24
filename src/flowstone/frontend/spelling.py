"""The one name of a type that Python offers in several places: ``typing.List`` is ``list``."""

from __future__ import annotations

_TYPING = frozenset({"typing", "typing_extensions", "collections.abc"})
_SPELLING = {
    "AbstractSet": "Set",
    "ChainMap": "collections.ChainMap",
    "Counter": "collections.Counter",
    "DefaultDict": "collections.defaultdict",
    "Deque": "collections.deque",
    "Dict": "dict",
    "FrozenSet": "frozenset",
    "List": "list",
    "LiteralString": "str",
    "OrderedDict": "collections.OrderedDict",
    "Set": "set",
    "Text": "str",
    "Tuple": "tuple",
    "Type": "type",
}
"""What ``typing`` calls otherwise than the place where the class itself is."""
_ABSTRACT_SET = "collections.abc.Set"
_UNKNOWN = frozenset({"Any", "AnyStr", "NewType", "ParamSpec", "Self", "TypeVar", "TypeVarTuple"})

NONE_TYPES = frozenset({"types.NoneType", "NoneType"})
"""Names of the class of ``None``."""


def external(dotted: str) -> str | None:
    """The name in type expressions of something outside the project; None if it says nothing about a type."""
    dotted = dotted.removeprefix("builtins.")
    module, _, name = dotted.rpartition(".")
    if module not in _TYPING:
        return dotted
    if name in _UNKNOWN:
        return None
    return "Set" if dotted == _ABSTRACT_SET else _SPELLING.get(name, name)
