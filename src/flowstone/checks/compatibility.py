"""Whether a value of one annotated type can be handed to a parameter of another.

Gradual: what is not known fits. Containers are judged by what is read from them, so ``dict[str, int]`` fits
``dict[str, float]``: a loaded value is the consumer's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct, field

from flowstone.checks.known_types import ANYTHING, PROTOCOLS, canonical, has_unknown_methods, known_types
from flowstone.checks.supertypes import ELLIPSIS, Supertypes, item_of_tuple
from flowstone.ir.types import UNION, UNKNOWN, ClassInfo, TypeExpr

Families = tuple[tuple[str, ...], ...]

_TOO_DEEP = 60
_STR = TypeExpr(name="str")
_TRUE_OR_FALSE = tuple(TypeExpr(name="Literal", values=(value,)) for value in (True, False))


class Compatibility(Struct, frozen=True, dict=True):
    """Judges pairs of types in one project."""

    classes: Mapping[str, ClassInfo] = field(default_factory=dict)
    """The project's classes by full name."""

    @cached_property
    def supertypes(self) -> Supertypes:
        """What the types of the project are."""
        return Supertypes(self.classes)

    @cached_property
    def _judged(self) -> dict[tuple[int, int, Families], tuple[bool, TypeExpr, TypeExpr]]:
        """By the identity of the two types, which stand beside the judgement so that they live as long."""
        return {}

    def fits(self, given: TypeExpr, wanted: TypeExpr, families: Families = ()) -> bool:
        """Whether every value of ``given`` may be taken as ``wanted``.

        ``families`` are groups of types that the store of the value turns into each other; they hold for the value
        itself, not for what is inside it.
        """
        key = (id(given), id(wanted), families)
        found = self._judged.get(key)
        if found is None:
            found = self._judged[key] = (self._fits(given, wanted, families), given, wanted)
        return found[0]

    def _fits(self, given: TypeExpr, wanted: TypeExpr, families: Families = (), depth: int = 0) -> bool:
        if depth > _TOO_DEEP:
            return True
        if given.name == wanted.name and not wanted.args and wanted.name not in (UNION, "Literal"):
            return True  # the usual case
        if given.name == UNION:
            if wanted.name == UNION and set(given.args) <= set(wanted.args):
                return True
            return all(self._fits(member, wanted, families, depth + 1) for member in given.args)
        if wanted.name == UNION:
            return self._fits_one_of(given, wanted, families, depth)
        have, want = canonical(given.name), canonical(wanted.name)
        if UNKNOWN in (have, want) or want in ANYTHING:
            return True
        if have == "Literal" or want == "Literal":
            return self._literal_fits(given, wanted, families, depth)
        if any(self._in_family(given, family) and _in_family(wanted, family) for family in families):
            return True
        return self._is_a(have, want) and self._arguments_fit(given, wanted, depth)

    def _fits_one_of(self, given: TypeExpr, wanted: TypeExpr, families: Families, depth: int) -> bool:
        if any(self._fits(given, member, families, depth + 1) for member in wanted.args):
            return True
        parts: tuple[TypeExpr, ...] = ()
        if given.name == "bool":
            parts = _TRUE_OR_FALSE
        elif given.name == "Literal" and len(given.values) > 1:
            parts = tuple(TypeExpr(name="Literal", values=(value,)) for value in given.values)
        return bool(parts) and all(self._fits_one_of(part, wanted, families, depth + 1) for part in parts)

    def _literal_fits(self, given: TypeExpr, wanted: TypeExpr, families: Families, depth: int) -> bool:
        if canonical(wanted.name) != "Literal":
            return all(
                self._fits(TypeExpr(name=_class_of(value)), wanted, families, depth + 1) for value in given.values
            )
        allowed = {(_class_of(value), value) for value in wanted.values}
        if given.name == "Literal":
            return all((_class_of(value), value) in allowed for value in given.values)
        if given.name == "None":
            return ("None", None) in allowed
        if given.name == "bool":
            return {("bool", True), ("bool", False)} <= allowed
        return not self.supertypes.is_known(given.name)

    def _in_family(self, type: TypeExpr, family: tuple[str, ...]) -> bool:
        """Whether the store knows a type, or a class of the project by its bases, as one of the family."""
        if type.name in self.classes:
            return any(canonical(member) in self.supertypes.ancestors(type.name).names for member in family)
        return _in_family(type, family)

    # -- names ----------------------------------------------------------------------------------------------------

    def _is_a(self, have: str, want: str) -> bool:
        """Whether a class is another or inherits from it, or whether that cannot be told."""
        if have == want:
            return True
        reached = self.supertypes.ancestors(have)
        if want in reached.names or UNKNOWN in reached.names:
            return True
        if want in self.classes:
            return self._may_be_project_class(have, want)
        if want not in known_types() or not reached.closed:
            return True
        return want in PROTOCOLS and (have in self.classes or has_unknown_methods(have))

    def _may_be_project_class(self, have: str, want: str) -> bool:
        wanted = self.supertypes.ancestors(want)
        if "Protocol" in wanted.names:
            return True  # told by the shape
        if "TypedDict" in wanted.names or not wanted.closed:  # perhaps a dict of that shape
            reached = self.supertypes.ancestors(have)
            return bool(reached.names & {"dict", "Mapping"}) or not self._is_judged(have)
        return not self._is_judged(have)

    def _is_judged(self, name: str) -> bool:
        """Whether what a value of this type is can be told at all: by the project's classes only where they are its
        bases.
        """
        return name in self.classes or name in known_types()

    # -- arguments ------------------------------------------------------------------------------------------------

    def _arguments_fit(self, given: TypeExpr, wanted: TypeExpr, depth: int) -> bool:
        want = canonical(wanted.name)
        if self.supertypes.is_record(want, "TypedDict"):
            return self._record_fits(given, want, depth)
        if not wanted.args:
            return True
        arguments = self.supertypes.arguments(given, want)
        if want == "tuple":
            return self._tuple_fits(arguments, wanted.args, depth)
        pairs = list(zip(arguments, wanted.args, strict=False))
        if want in known_types():
            known = len(known_types()[want].parameters)
            return all(self._fits(item, other, (), depth + 1) for item, other in pairs[:known])
        if want in self.classes and len(arguments) == len(wanted.args):  # in which direction they vary is not known
            return all(
                self._fits(item, other, (), depth + 1) or self._fits(other, item, (), depth + 1)
                for item, other in pairs
            )
        return True

    def _tuple_fits(self, given: tuple[TypeExpr, ...], wanted: tuple[TypeExpr, ...], depth: int) -> bool:
        if not given:
            return True
        if _is_open(wanted):
            return self._fits(item_of_tuple(given), wanted[0], (), depth + 1)
        if _is_open(given):
            return all(self._fits(given[0], item, (), depth + 1) for item in wanted)
        return len(given) == len(wanted) and all(
            self._fits(item, other, (), depth + 1) for item, other in zip(given, wanted, strict=True)
        )

    def _record_fits(self, given: TypeExpr, want: str, depth: int) -> bool:
        """Whether a mapping may be a ``TypedDict`` of the project: its keys are texts, and fields of both fit."""
        have = canonical(given.name)
        if self.supertypes.is_record(have, "TypedDict"):
            ours, theirs = self.supertypes.fields(have), self.supertypes.fields(want)
            return all(self._fits(ours[name], theirs[name], (), depth + 1) for name in ours.keys() & theirs.keys())
        keys = self.supertypes.arguments(given, "Mapping")[:1]
        return all(self._fits(key, _STR, (), depth + 1) or self._fits(_STR, key, (), depth + 1) for key in keys)


def _in_family(type: TypeExpr, family: tuple[str, ...]) -> bool:
    item = type.yields
    name = canonical(type.name) if item is None else f"Iterator[{canonical(item.name)}]"
    return any(canonical(member) == name for member in family)


def _class_of(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _is_open(arguments: tuple[TypeExpr, ...]) -> bool:
    """Whether the arguments of a tuple are ``T, ...``."""
    return len(arguments) == 2 and arguments[1].name == ELLIPSIS
