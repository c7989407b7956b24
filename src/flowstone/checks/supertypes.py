"""What a type is besides itself: its bases and theirs, through the project's classes and the known types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct, field

from flowstone.checks.known_types import Known, bases_of, canonical, known_types
from flowstone.ir.types import UNION, UNKNOWN, ClassInfo, TypeExpr

ANY = TypeExpr(name=UNKNOWN)
ELLIPSIS = "..."


class Ancestors(Struct, frozen=True):
    """The names of a class and of all its bases."""

    names: frozenset[str]
    closed: bool
    """Whether all of them are known: what is not among them, the class is not."""


class Supertypes(Struct, frozen=True, dict=True):
    """The bases of types in one project."""

    classes: Mapping[str, ClassInfo] = field(default_factory=dict)
    """The project's classes by full name."""

    @cached_property
    def _seen(self) -> dict[str, Ancestors]:
        return {}

    def ancestors(self, name: str) -> Ancestors:
        """The names of a class and of all its bases."""
        name = canonical(name)
        if name not in self._seen:
            self._seen[name] = self._walk(name)
        return self._seen[name]

    def _walk(self, name: str) -> Ancestors:
        reached: set[str] = set()
        todo, closed = [name], True
        while todo:
            current = canonical(todo.pop())
            if current in reached:
                continue
            reached.add(current)
            if current in self.classes:
                todo.extend(base.name for base in self.classes[current].bases)
            elif current in known_types():
                todo.extend(bases_of(current))
            elif current != "Protocol":
                closed = False
        return Ancestors(frozenset(reached), closed)

    def is_known(self, name: str) -> bool:
        """Whether everything is known of what a type is."""
        return self.ancestors(name).closed

    def is_record(self, name: str, kind: str) -> bool:
        """Whether a class of the project is a ``TypedDict`` or a ``NamedTuple``."""
        return name in self.classes and kind in self.ancestors(name).names

    def fields(self, name: str) -> dict[str, TypeExpr]:
        """The fields of a record, those of its bases included; none of a class that is no record."""
        found: dict[str, TypeExpr] = {}
        for base in [name, *sorted(self.ancestors(name).names - {name})]:
            if base in self.classes:
                found = {**self.classes[base].fields, **found}
        return found

    def arguments(self, type: TypeExpr, wanted: str) -> tuple[TypeExpr, ...]:
        """The type arguments of a type seen as one of its bases; empty if they are not known."""
        seen: set[str] = set()
        todo = [type]
        while todo:
            current = todo.pop()
            name = canonical(current.name)
            if name == wanted:
                return current.args
            if name not in seen:
                seen.add(name)
                todo.extend(self._bases(name, current.args))
        return ()

    def _bases(self, name: str, arguments: tuple[TypeExpr, ...]) -> Iterator[TypeExpr]:
        if name == "tuple":
            yield TypeExpr(name="Sequence", args=(item_of_tuple(arguments),))
        elif name in self.classes:
            yield from self.classes[name].bases
            if "NamedTuple" in self.ancestors(name).names:
                yield TypeExpr(name="tuple", args=tuple(self.fields(name).values()))
        elif name in known_types():
            yield from _known_bases(known_types()[name], arguments)


def _known_bases(known: Known, arguments: Sequence[TypeExpr]) -> Iterator[TypeExpr]:
    given = dict(zip(known.parameters, arguments, strict=False))
    for base, names in known.bases:
        passed = (given.get(name, ANY if name in known.parameters else TypeExpr(name=name)) for name in names)
        yield TypeExpr(name=base, args=tuple(passed))


def item_of_tuple(arguments: tuple[TypeExpr, ...]) -> TypeExpr:
    """What a tuple of these type arguments iterates over."""
    items = tuple(dict.fromkeys(item for item in arguments if item.name != ELLIPSIS))
    if not items:
        return ANY
    return items[0] if len(items) == 1 else TypeExpr(name=UNION, args=items)
