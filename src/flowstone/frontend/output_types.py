"""The type of each asset that one function makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flowstone.ir.types import ClassInfo, TypeExpr

_MAPPINGS = frozenset({"dict", "Mapping", "MutableMapping"})


def output_types(
    returns: TypeExpr | None, names: Sequence[str], classes: Mapping[str, ClassInfo]
) -> list[TypeExpr | None]:
    """The type of each output, None where it is not known.

    With one output the value itself is returned; with several a mapping by name, or a tuple in order.
    """
    if len(names) == 1:
        return [returns]
    if returns is not None and returns.name in _MAPPINGS and len(returns.args) == 2:
        return [returns.args[1]] * len(names)
    if returns is not None and returns.name == "tuple" and len(returns.args) == len(names):
        if returns.args[-1].name == "...":
            return [returns.args[0]] * len(names)
        return list(returns.args)
    return _of_record(returns, names, classes)


def _of_record(
    returns: TypeExpr | None, names: Sequence[str], classes: Mapping[str, ClassInfo]
) -> list[TypeExpr | None]:
    """Fields of a ``TypedDict`` are outputs by name, those of a ``NamedTuple`` in order."""
    fields, kinds = _fields("" if returns is None else returns.name, classes)
    if "TypedDict" in kinds:
        return [fields.get(name) for name in names]
    if "NamedTuple" in kinds and len(fields) == len(names):
        return list(fields.values())
    return [None] * len(names)


def _fields(name: str, classes: Mapping[str, ClassInfo]) -> tuple[dict[str, TypeExpr], set[str]]:
    """The fields of a class and its bases, and the names of all of these."""
    fields: dict[str, TypeExpr] = {}
    seen: set[str] = set()
    todo = [name]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            if current in classes:
                fields = {**classes[current].fields, **fields}
                todo.extend(base.name for base in classes[current].bases)
    return fields, seen
