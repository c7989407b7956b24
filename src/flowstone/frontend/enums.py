"""Enums of the project: their members in order, with the values that Python gives them, or a refusal."""

from __future__ import annotations

import ast
import enum
from typing import Any

from msgspec import Struct, field

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.classes import (
    Evaluate,
    bound_names,
    dotted_name,
    method,
    no_attribute,
    project_class,
    unknown_attribute,
)
from flowstone.frontend.names import Names
from flowstone.frontend.values import (
    ClassValue,
    EnumMember,
    Member,
    NumberMember,
    Refusal,
    Scope,
    Symbol,
    TextMember,
)

_KINDS = {"enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.ReprEnum", "enum.Flag", "enum.IntFlag"}
_FLAGS = {"enum.Flag", "enum.IntFlag"}
_MIXINS: dict[str, type] = {"builtins.str": str, "builtins.int": int, "enum.IntEnum": int, "enum.IntFlag": int}
_OWN_TEXT = {"enum.IntEnum", "enum.StrEnum", "enum.ReprEnum", "enum.IntFlag"}
"""Enums whose members are written like their values."""
_UNSEEN = ("__new__", "_missing_", "_generate_next_value_", "__eq__", "__hash__", "__bool__", "__getattribute__")
_WRITTEN = ("__str__", "__format__", "__repr__")
_MAX_BASES = 20


class Named(Struct):
    """A member with all its names."""

    value: Member
    names: set[str] = field(default_factory=set)


def bases(cls: ClassValue, names: Names) -> frozenset[str]:
    """The dotted names of the bases outside the project, over the bases inside of it."""
    classes = lineage(cls, names)
    outside = [
        dotted_name(base, item, names) or "?"
        for item in classes
        for base in item.node.bases
        if len(classes) >= _MAX_BASES or project_class(names.resolve(item.module, base)) is None
    ]
    return frozenset(outside)


def lineage(cls: ClassValue, names: Names) -> list[ClassValue]:
    """A class and its bases in the project, and theirs."""
    found = [cls]
    for item in found:  # grows while it is read
        for base in item.node.bases:
            inner = project_class(names.resolve(item.module, base))
            if inner is not None and len(found) < _MAX_BASES:
                found.append(inner)
    return found


class Enums:
    """The enums of the project, each looked at once."""

    def __init__(self, names: Names, evaluate: Evaluate) -> None:
        self._names = names
        self._evaluate = evaluate
        self._known: dict[int, bool] = {}
        self._members: dict[int, list[Named] | Refusal] = {}

    def __contains__(self, cls: ClassValue) -> bool:
        key = id(cls.node)
        if key not in self._known:
            self._known[key] = bool(cls.node.bases) and bool(bases(cls, self._names) & _KINDS)
        return self._known[key]

    def members(self, cls: ClassValue) -> list[Named]:
        """The members in order; equal values are one member with several names. Errors: Refusal."""
        key = id(cls.node)
        if key not in self._members:
            self._members[key] = _not_seen(cls, cls.node, "they depend on themselves")
            try:
                self._members[key] = _members(cls, self._names, self._evaluate)
            except Refusal as refusal:
                self._members[key] = refusal
        found = self._members[key]
        if isinstance(found, Refusal):
            raise found
        return found

    def attribute(self, cls: ClassValue, name: str, place: Span) -> Any:
        """The member of a name. Errors: Refusal; ``place`` is that of the expression."""
        members = self.members(cls)
        if name == "__members__":
            return {other: member.value for other, member in _by_name(cls, members).items()}
        found = next((member for member in members if name in member.names), None)
        if found is not None:
            return found.value
        if name in self._further(cls) or any(hasattr(base, name) for base in (enum.Flag, str, int)):
            raise no_attribute(cls, name)
        raise unknown_attribute(cls, name, [other for member in members for other in sorted(member.names)], place)

    def _further(self, cls: ClassValue) -> set[str]:
        """What its class and the bases of the project bind, members or not."""
        return {name for item in lineage(cls, self._names) for name in bound_names(item.node)}

    def iterated(self, cls: ClassValue) -> list[Member]:
        """The members in the order in which the class gives them. Errors: Refusal."""
        members = [member.value for member in self.members(cls)]
        if bases(cls, self._names) & _FLAGS:
            return [member for member in members if _is_single(member.value)]
        return members

    def call(self, cls: ClassValue, value: Any) -> Member:
        """The member of a value. Errors: Refusal; ValueError if there is none."""
        for member in self.members(cls):
            if value in (member.value, member.value.value):
                return member.value
        raise ValueError(f"{value!r} is not a valid {cls.node.name}")


def _by_name(cls: ClassValue, members: list[Named]) -> dict[str, Named]:
    order = [target.id for item in cls.node.body if isinstance(item, ast.Assign) for target in _names(item)]
    return {name: member for name in order for member in members if name in member.names}


def _names(statement: ast.Assign) -> list[ast.Name]:
    return [target for target in statement.targets if isinstance(target, ast.Name)]


def _is_single(value: Any) -> bool:
    return isinstance(value, int) and value > 0 and value & (value - 1) == 0


def _members(cls: ClassValue, names: Names, evaluate: Evaluate) -> list[Named]:
    _check_body(cls, names)
    maker = _Maker(cls, bases(cls, names))
    raw: dict[str, Any] = {}
    found: list[Named] = []
    for statement in cls.node.body:
        if not isinstance(statement, ast.Assign):
            continue
        for target in _names(statement):
            if not _is_member_name(target.id, cls):
                continue
            if target.id in raw:
                raise _not_seen(cls, statement, f"'{target.id}' is bound twice")
            value = _value(target.id, statement.value, maker, names, evaluate, raw)
            raw[target.id] = value
            same = maker.same(value)
            if same is None:
                same = maker.add(Named(maker.member(target.id, value, statement)), value)
                found.append(same)
            same.names.add(target.id)
    return found


def _is_member_name(name: str, cls: ClassValue) -> bool:
    private = name.startswith(("__", f"_{cls.node.name}__"))
    sunder = len(name) > 2 and name[0] == name[-1] == "_"
    return not private and not sunder


def _check_body(cls: ClassValue, names: Names) -> None:
    """Errors: Refusal if a class is more than names and constants."""
    for base in bases(cls, names) - _KINDS - _MIXINS.keys() - {"builtins.object"}:
        raise _not_seen(cls, cls.node, f"its base '{base}' is not known")
    if cls.node.keywords or any(dotted_name(item, cls, names) != "enum.unique" for item in cls.node.decorator_list):
        raise _not_seen(cls, cls.node, "it has keywords or decorators")
    inner = [cls] + [found for base in cls.node.bases if (found := project_class(names.resolve(cls.module, base)))]
    for name in _UNSEEN:
        if any(method(item.node, name) for item in inner):
            raise _not_seen(cls, cls.node, f"it has a method '{name}'")
    for statement in cls.node.body:
        if not _is_plain(statement):
            raise _not_seen(cls, statement, "its body is more than names and constants")


def _is_plain(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=targets):
            ignored = any(isinstance(item, ast.Name) and item.id == "_ignore_" for item in targets)
            return all(isinstance(item, ast.Name) for item in targets) and not ignored
        case ast.AnnAssign(value=None) | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
    return isinstance(statement, FUNCTIONS)


def _not_seen(cls: ClassValue, node: ast.stmt, why: str) -> Refusal:
    return Refusal(
        "FS003",
        f"the members of the enum '{cls.node.name}' cannot be seen: {why}",
        cls.module.name_span(cls.node) if isinstance(node, ast.ClassDef) else cls.module.span(node),
        help="bind each member in the body of the class by NAME = constant",
    )


def _value(name: str, node: ast.expr, maker: _Maker, names: Names, evaluate: Evaluate, before: dict[str, Any]) -> Any:
    cls = maker.cls
    if isinstance(node, ast.Call) and dotted_name(node.func, cls, names) == "enum.auto" and not node.args:
        return maker.automatic(name, node, before)
    value = evaluate(node, Scope(cls.module, own=dict(before)))
    wrong = maker.mixin is not None and type(value) is not maker.mixin
    if wrong or (isinstance(value, Symbol) and not isinstance(value, EnumMember)):
        raise Refusal(
            "FS003",
            f"the value of the member '{name}' cannot be seen",
            cls.module.span(node),
            help="write it out, as a constant of the type of the enum",
        )
    return value


class _Maker:
    """Makes the members of one class."""

    def __init__(self, cls: ClassValue, known: frozenset[str]) -> None:
        self.cls = cls
        self._known = known
        mixins = {_MIXINS[base] for base in known if base in _MIXINS}
        if "enum.StrEnum" in known:
            mixins.add(str)
        if len(mixins) > 1:
            raise _not_seen(cls, cls.node, "its members have several types")
        self.mixin: type | None = next(iter(mixins), None)
        self._by_value: dict[Any, Named] = {}
        self._unhashable: list[tuple[Any, Named]] = []
        written = any(method(cls.node, name) for name in _WRITTEN)
        self._printable = bool(known & _OWN_TEXT) and not written

    def same(self, value: Any) -> Named | None:
        """The member that has an equal value."""
        try:
            return self._by_value.get(value)
        except TypeError:
            return next((member for other, member in self._unhashable if other == value), None)

    def add(self, member: Named, value: Any) -> Named:
        """Note the value of a member."""
        try:
            self._by_value[value] = member
        except TypeError:
            self._unhashable.append((value, member))
        return member

    def member(self, name: str, value: Any, node: ast.stmt) -> Member:
        """The member of a name. Errors: Refusal for a value that it cannot have."""
        if self._known & _FLAGS and not (isinstance(value, int) and value >= 0):
            raise _not_seen(self.cls, node, f"'{name}' is not a number from 0")
        if self.mixin is None:
            return EnumMember(self.cls.dotted, name, value, self.cls)
        member: TextMember | NumberMember = TextMember(value) if self.mixin is str else NumberMember(value)
        member.name, member.cls, member.printable = name, self.cls, self._printable
        return member

    def automatic(self, name: str, node: ast.expr, before: dict[str, Any]) -> Any:
        """The value of ``auto()``. Errors: Refusal if it differs between versions of Python."""
        if "enum.StrEnum" in self._known:
            return name.lower()
        numbers = list(before.values())
        if self.mixin is not str and all(type(number) is int for number in numbers):
            if self._known & _FLAGS:
                return 1 if not numbers else 1 << max(numbers).bit_length()
            if not numbers or numbers[-1] == max(numbers):
                return numbers[-1] + 1 if numbers else 1
        raise Refusal(
            "FS003", "the value of 'auto()' cannot be seen here", self.cls.module.span(node), help="write it out"
        )
