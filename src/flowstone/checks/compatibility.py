"""Whether a value of one annotated type can be handed to a parameter of another.

Gradual: what is not known fits. Containers are judged by what is read from them, so ``dict[str, int]`` fits
``dict[str, float]``: a loaded value is the consumer's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flowstone.checks.known_types import ALIASES, BASES, DUCKS, FOREIGN, ITEMS, MAPPINGS, OPEN_BASES
from flowstone.ir.types import UNION, UNKNOWN, ClassInfo, TypeExpr

Families = tuple[tuple[str, ...], ...]

_ELLIPSIS = frozenset({"...", "Ellipsis", "EllipsisType"})
_TOO_DEEP = 60
_ANYTHING = TypeExpr(name=UNKNOWN)


@dataclass(frozen=True)
class Compatibility:
    """Judges pairs of types in one project."""

    classes: Mapping[str, ClassInfo] = field(default_factory=dict)
    """The project's classes by full name."""

    def fits(self, given: TypeExpr, wanted: TypeExpr, families: Families = (), depth: int = 0) -> bool:
        """Whether every value of ``given`` may be taken as ``wanted``.

        ``families`` are groups of types that the store of the value turns into each other; they hold for the value
        itself, not for what is inside it.
        """
        if depth > _TOO_DEEP:
            return True
        if given.name == wanted.name and not wanted.args and wanted.name not in (UNION, "Literal"):
            return True  # the usual case
        if given.name == UNION:
            if wanted.name == UNION and set(given.args) <= set(wanted.args):
                return True
            return all(self.fits(member, wanted, families, depth + 1) for member in given.args)
        if wanted.name == UNION:
            return any(self.fits(given, member, families, depth + 1) for member in wanted.args)
        have, want = canonical(given.name), canonical(wanted.name)
        if UNKNOWN in (have, want) or want == "object":
            return True
        if have == "Literal" or want == "Literal":
            return self._literal_fits(given, wanted, families, depth)
        if any(_in_family(have, family) and _in_family(want, family) for family in families):
            return True
        return self._is_a(have, want) and self._arguments_fit(given, wanted, depth)

    def _literal_fits(self, given: TypeExpr, wanted: TypeExpr, families: Families, depth: int) -> bool:
        if canonical(wanted.name) == "Literal":
            if canonical(given.name) != "Literal":
                kinds = {_class_of(value) for value in wanted.values}
                return given.name == "bool" and {True, False} <= set(wanted.values) and "bool" in kinds
            allowed = {(_class_of(value), value) for value in wanted.values}
            return all((_class_of(value), value) in allowed for value in given.values)
        return all(self.fits(TypeExpr(name=_class_of(value)), wanted, families, depth + 1) for value in given.values)

    def _is_a(self, have: str, want: str) -> bool:
        """Whether a class is another or inherits from it, or whether that cannot be told."""
        if have == want:
            return True
        if want in self.classes:
            return self._may_be_project_class(have, want)
        if want not in BASES:
            return True
        reached, closed = self._ancestors(have)
        if want in reached or not closed:
            return True
        return want in DUCKS and (have in self.classes or have in FOREIGN)

    def _may_be_project_class(self, have: str, want: str) -> bool:
        if self._ancestors(want)[0] & OPEN_BASES:
            return True
        reached, _ = self._ancestors(have)
        return want in reached or not (have in self.classes or have in BASES)

    def _ancestors(self, name: str) -> tuple[frozenset[str], bool]:
        """The names of a class and all its bases, and whether all of them are known."""
        if name not in self._seen:
            self._seen[name] = self._walk(name)
        return self._seen[name]

    @cached_property
    def _seen(self) -> dict[str, tuple[frozenset[str], bool]]:
        return {}

    def _walk(self, name: str) -> tuple[frozenset[str], bool]:
        reached: set[str] = set()
        todo, closed = [name], True
        while todo:
            current = canonical(todo.pop())
            if current in reached:
                continue
            reached.add(current)
            if current in self.classes:
                todo.extend(self.classes[current].bases)
            elif current in BASES:
                todo.extend(BASES[current])
            elif current not in _PLAIN_BASES:
                closed = False
        return frozenset(reached), closed

    def _arguments_fit(self, given: TypeExpr, wanted: TypeExpr, depth: int) -> bool:
        if not wanted.args:
            return True
        have, want = canonical(given.name), canonical(wanted.name)
        if have == "tuple" and want == "tuple":
            return self._tuple_fits(given.args, wanted.args, depth)
        pairs: list[tuple[TypeExpr, TypeExpr]] = []
        if want in MAPPINGS:
            pairs = list(zip(given.args, wanted.args, strict=False)) if have in MAPPINGS else []
        elif want in BASES and "." not in want:
            pairs = [(item, wanted.args[0]) for item in _items(have, given.args)]
        elif have == want and want in self.classes and len(given.args) == len(wanted.args):
            pairs = list(zip(given.args, wanted.args, strict=True))
        return all(self.fits(item, other, (), depth + 1) for item, other in pairs)

    def _tuple_fits(self, given: tuple[TypeExpr, ...], wanted: tuple[TypeExpr, ...], depth: int) -> bool:
        if not given:
            return True
        if _is_open(wanted):
            return all(self.fits(item, wanted[0], (), depth + 1) for item in _items("tuple", given))
        if _is_open(given):
            return all(self.fits(given[0], item, (), depth + 1) for item in wanted)
        return len(given) == len(wanted) and all(
            self.fits(item, other, (), depth + 1) for item, other in zip(given, wanted, strict=True)
        )


_PLAIN_BASES = frozenset(
    {"abc.ABC", "ABC", "Generic", "typing.Generic", "Hashable", "collections.abc.Hashable"} | OPEN_BASES
)
"""Bases from which nothing is inherited that a type here would look for."""


def canonical(name: str) -> str:
    """The one name used here for a type that has several."""
    return ALIASES.get(name, name)


def _in_family(name: str, family: tuple[str, ...]) -> bool:
    return any(canonical(member) == name for member in family)


def _class_of(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _is_open(arguments: tuple[TypeExpr, ...]) -> bool:
    """Whether the arguments of a tuple are ``T, ...``."""
    return len(arguments) == 2 and arguments[1].name in _ELLIPSIS


def _items(name: str, arguments: tuple[TypeExpr, ...]) -> tuple[TypeExpr, ...]:
    """What a value of a known generic type iterates over; what is not known fits."""
    if name in ITEMS:
        return (TypeExpr(name=ITEMS[name]),)
    if not arguments:
        return (_ANYTHING,)
    if name == "tuple":
        return tuple(item for item in arguments if item.name not in _ELLIPSIS)
    return arguments[:1]
