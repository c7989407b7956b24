"""What a parameter must be annotated with, given how many keys of its asset arrive."""

from __future__ import annotations

from flowstone.checks.compatibility import Compatibility
from flowstone.checks.edges import Edge
from flowstone.checks.known_types import canonical
from flowstone.ir.types import UNION, UNKNOWN, TypeExpr

_BY_KEY = frozenset({"dict", "Mapping", "MutableMapping"})
_STREAMS = frozenset({"Iterator", "Iterable", "Generator"})
_ANYTHING = TypeExpr(name=UNKNOWN)
_STR = TypeExpr(name="str")
_ARRIVES = TypeExpr(name="dict", args=(_STR, _ANYTHING))


def wanted_value(edge: Edge, judge: Compatibility) -> TypeExpr | None:
    """The type that one stored value is wanted as; None if there is no annotation or it cannot take what arrives."""
    wanted = edge.dependency.type
    if wanted is None or edge.arity is None or edge.dependency.parameter is None:
        return None
    if edge.arity == "one":
        return wanted
    taken = [value for member in wanted.members if (value := value_of_many(member, judge)) is not None]
    return _union(taken)


def value_of_many(wanted: TypeExpr, judge: Compatibility) -> TypeExpr | None:
    """``T`` of ``dict[str, T]``, ``Mapping[str, T]`` or ``Iterator[tuple[str, T]]``; ``?`` for other types that a dict
    by key may be taken as; None for those that it may not.
    """
    name = canonical(wanted.name)
    if name in _BY_KEY:
        return _value(wanted.args, judge)
    if name in _STREAMS:
        pair = wanted.args[0] if wanted.args else _ANYTHING
        if pair.name == UNKNOWN:
            return _ANYTHING
        return _value(pair.args, judge) if canonical(pair.name) == "tuple" else None
    return _ANYTHING if judge.fits(_ARRIVES, wanted) else None


def _value(arguments: tuple[TypeExpr, ...], judge: Compatibility) -> TypeExpr | None:
    if not arguments:
        return _ANYTHING
    if len(arguments) != 2:
        return None
    key, value = arguments
    return value if judge.fits(_STR, key) or judge.fits(key, _STR) else None


def _union(types: list[TypeExpr]) -> TypeExpr | None:
    if len(types) < 2:
        return types[0] if types else None
    return TypeExpr(name=UNION, args=tuple(types))
