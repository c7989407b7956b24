"""Members of the project's classes as constants: enums, frozen dataclasses, plain class attributes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.names import External, Names
from flowstone.frontend.values import ClassValue, EnumMember, Instance, Refusal, Scope, TextMember

Evaluate = Callable[[ast.expr, Scope], Any]

_ENUMS = {"enum.Enum": False, "enum.IntEnum": False, "enum.StrEnum": True}
"""Base classes of enums, and whether the text of a member is its value."""


def class_attribute(cls: ClassValue, name: str, names: Names, evaluate: Evaluate) -> Any:
    """The value of ``Class.name``; a member if the class is an enum. Errors: Refusal."""
    if is_enum(cls, names):
        for member in enum_members(cls, names, evaluate):
            if name in member.aliases:
                return member.value
        raise _no_attribute(cls, name)
    values = list(_assignments(cls, name))
    if len(values) != 1:
        raise _no_attribute(cls, name)
    return evaluate(values[0], Scope(cls.module))


def _no_attribute(cls: ClassValue, name: str) -> Refusal:
    return Refusal(
        "FS003",
        f"the attribute '{name}' of class '{cls.node.name}' is not a constant that can be seen",
        cls.module.name_span(cls.node),
        help="bind it once in the body of the class, to a constant",
    )


def _assignments(cls: ClassValue, name: str | None = None) -> Iterator[ast.expr]:
    for target, value in _fields(cls.node):
        if value is not None and name in (None, target):
            yield value


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None]]:
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id, statement.value


class Member:
    """An enum's member with all its names."""

    def __init__(self, name: str, value: Any) -> None:
        self.value = value
        self.aliases = {name}


def is_enum(cls: ClassValue, names: Names) -> bool:
    """Whether a class is an enum of the project."""
    return any(_dotted(base, cls, names) in _ENUMS for base in cls.node.bases)


def _dotted(node: ast.expr, cls: ClassValue, names: Names) -> str:
    target = names.resolve(cls.module, node)
    return target.dotted if isinstance(target, External) else ""


def enum_members(cls: ClassValue, names: Names, evaluate: Evaluate) -> list[Member]:
    """The members in order; equal values are one member with several names. Errors: Refusal."""
    bases = [_dotted(base, cls, names) for base in cls.node.bases]
    texts = "enum.StrEnum" in bases or any(isinstance(base, ast.Name) and base.id == "str" for base in cls.node.bases)
    raw: dict[str, Any] = {}
    members: list[tuple[Any, Member]] = []
    for name, node in _fields(cls.node):
        if name.startswith("_") or node is None:
            continue
        raw[name] = value = _member_value(name, node, cls, names, evaluate, raw, bases)
        same = next((member for other, member in members if other == value), None)
        if same is not None:
            same.aliases.add(name)
        elif texts and isinstance(value, str):
            text = TextMember.make(name, value, printable="enum.StrEnum" in bases)
            members.append((value, Member(name, text)))
        else:
            members.append((value, Member(name, EnumMember(cls.dotted, name, value))))
    return [member for _, member in members]


def _member_value(
    name: str,
    node: ast.expr,
    cls: ClassValue,
    names: Names,
    evaluate: Evaluate,
    before: Mapping[str, Any],
    bases: list[str],
) -> Any:
    if isinstance(node, ast.Call) and _dotted(node.func, cls, names) == "enum.auto":
        if "enum.StrEnum" in bases:
            return name.lower()
        numbers = [value for value in before.values() if isinstance(value, int)]
        if len(numbers) == len(before):
            return max(numbers, default=0) + 1
        raise Refusal("FS003", "the value of 'auto()' cannot be seen here", cls.module.span(node), help="write it out")
    return evaluate(node, Scope(cls.module, dict(before)))


def is_frozen_dataclass(cls: ClassValue, names: Names) -> bool:
    """Whether instances are made of their fields alone and never change."""
    if cls.node.bases or len(cls.node.decorator_list) != 1 or _has_initializer(cls.node):
        return False
    decorator = cls.node.decorator_list[0]
    return (
        isinstance(decorator, ast.Call)
        and _dotted(decorator.func, cls, names) == "dataclasses.dataclass"
        and any(
            keyword.arg == "frozen" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            for keyword in decorator.keywords
        )
    )


def _has_initializer(node: ast.ClassDef) -> bool:
    return any(
        isinstance(item, FUNCTIONS) and getattr(item, "name", "") in ("__init__", "__new__", "__post_init__")
        for item in node.body
    )


def make_instance(cls: ClassValue, positional: list[Any], keywords: Mapping[str, Any], evaluate: Evaluate) -> Instance:
    """An instance of a frozen dataclass. Errors: Refusal for a default that is not constant; TypeError as the class."""
    fields = [
        (item.target.id, item.value)
        for item in cls.node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    ]
    known = [name for name, _ in fields]
    given = dict(zip(known, positional, strict=False))
    wrong = [name for name in keywords if name not in known or name in given]
    if len(positional) > len(known) or wrong:
        raise TypeError(f"{cls.node.name}() does not take {wrong[0] if wrong else 'so many arguments'}")
    given.update(keywords)
    for name, default in fields:
        if name not in given:
            if default is None:
                raise TypeError(f"{cls.node.name}() needs {name}")
            given[name] = evaluate(default, Scope(cls.module))
    return Instance(cls.dotted, given)
