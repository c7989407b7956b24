"""What a parameter must be annotated with, given how many keys of its asset arrive."""

from __future__ import annotations

from flowstone.checks.compatibility import canonical
from flowstone.checks.edges import Edge
from flowstone.ir.types import UNION, UNKNOWN, TypeExpr

_BY_KEY = frozenset({"dict", "Mapping", "MutableMapping"})
_STREAMS = frozenset({"Iterator", "Iterable"})
_TEXTS = frozenset({"str", "object", UNKNOWN})
_ANYTHING = TypeExpr(name=UNKNOWN)


def wanted_value(edge: Edge) -> TypeExpr | None:
    """The type that one stored value is wanted as; None if there is no annotation or it cannot take what arrives."""
    wanted = edge.dependency.type
    if wanted is None or edge.arity is None or edge.dependency.parameter is None:
        return None
    if edge.arity == "one":
        return wanted
    taken = [value for member in wanted.members if (value := value_of_many(member)) is not None]
    return _union(taken)


def value_of_many(wanted: TypeExpr) -> TypeExpr | None:
    """``T`` of ``dict[str, T]``, ``Mapping[str, T]`` or ``Iterator[tuple[str, T]]``; None for other types."""
    name = canonical(wanted.name)
    if name in (UNKNOWN, "object"):
        return _ANYTHING
    if name in _BY_KEY:
        return _value(wanted.args)
    if name in _STREAMS:
        pair = wanted.args[0] if wanted.args else _ANYTHING
        if pair.name == UNKNOWN:
            return _ANYTHING
        return _value(pair.args) if canonical(pair.name) == "tuple" else None
    return None


def _value(arguments: tuple[TypeExpr, ...]) -> TypeExpr | None:
    if not arguments:
        return _ANYTHING
    if len(arguments) != 2 or not any(member.name in _TEXTS for member in arguments[0].members):
        return None
    return arguments[1]


def _union(types: list[TypeExpr]) -> TypeExpr | None:
    if len(types) < 2:
        return types[0] if types else None
    return TypeExpr(name=UNION, args=tuple(types))
