"""Types as annotations name them. They are syntax: nothing is imported to find out what a name stands for."""

from __future__ import annotations

from flowstone.ir.node import Node

UNKNOWN = "?"
UNION = "|"

_ITERATORS = frozenset({"Iterator", "Iterable", "Generator"})


class TypeExpr(Node):
    """A type expression.

    ``name`` is the full dotted name (``polars.DataFrame``, ``pipelines.models.Order``), a bare name for builtins and
    the generic types of ``typing`` and ``collections.abc`` in their builtin spelling (``list``, ``dict``, ``Iterator``,
    ``Mapping`` ...), ``None``, ``|`` for a union, ``Literal``, or ``?`` for what is not known (``Any`` too).
    """

    name: str
    args: tuple[TypeExpr, ...] = ()
    values: tuple[str | int | bool | None, ...] = ()
    """The values of a ``Literal``."""

    def __str__(self) -> str:
        if self.name == UNION:
            return " | ".join(map(str, self.args))
        if self.name == "Literal":
            return f"Literal[{', '.join(map(repr, self.values))}]"
        return f"{self.name}[{', '.join(map(str, self.args))}]" if self.args else self.name

    @property
    def members(self) -> tuple[TypeExpr, ...]:
        """The alternatives of a union, or the type itself."""
        return self.args if self.name == UNION else (self,)

    @property
    def optional(self) -> bool:
        name = self.name
        return name == "None" or (name == UNION and any(member.name == "None" for member in self.args))

    @property
    def yields(self) -> TypeExpr | None:
        """What an iterator of the type gives, ``?`` if that is not told; None for a type that is no iterator."""
        if self.name not in _ITERATORS:
            return None
        return self.args[0] if self.args else TypeExpr(name=UNKNOWN)

    def without_none(self) -> TypeExpr:
        """The type without its ``None`` alternative."""
        return self.without("None")

    def without(self, name: str) -> TypeExpr:
        """The type without the alternative of a name; as it is if there is no other."""
        rest = tuple(member for member in self.members if member.name != name)
        if len(rest) == 1:
            return rest[0]
        return TypeExpr(name=UNION, args=rest) if rest else self


class ClassInfo(Node):
    """A class of the project, or a ``NewType``: what is needed for subclass relations."""

    name: str
    """The full dotted name."""
    bases: tuple[TypeExpr, ...] = ()
    """The base classes with their arguments; ``?`` for one that is not known."""
    fields: dict[str, TypeExpr] = {}
    """The annotated fields, of a ``TypedDict`` or ``NamedTuple`` only."""
    opaque: bool = False
    """Its values are objects of which nothing but the class knows what they hold: no dataclasses, models, enums, ..."""
