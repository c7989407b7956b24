"""What each statement of a module binds at module level. Made from syntax alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from flowstone.frontend.modules import Module

Kind = Literal["import", "assign", "function", "class", "other"]


class Place(Struct, frozen=True):
    """Under what a statement stands at module level."""

    guards: tuple[tuple[ast.expr, bool], ...] = ()
    """The tests of the ``if`` statements around it, and the outcome under which it runs."""
    typing_only: bool = False
    """In ``if TYPE_CHECKING:``: it never runs."""
    fallback: bool = False
    """In an ``except`` handler."""
    repeated: bool = False
    """In a loop."""
    attempt: tuple[ast.stmt, ...] = ()
    """The body of the ``try`` around it that has handlers."""


class Binding(Struct, frozen=True):
    """One statement that binds a name at module level."""

    name: str
    kind: Kind
    node: ast.stmt
    place: Place
    value: ast.expr | None = None
    """The expression of a plain assignment to this one name."""
    origin: str = ""
    """For an import the dotted name of what is imported."""
    alias: ast.alias | None = None
    """For an import its clause."""
    submodule: bool = False
    """``import a.b`` binds ``a``."""
    parts: tuple[ast.expr, ast.expr] | None = None
    """For one of several names in a target: the target, and the expression that is taken apart."""


class NameTable:
    """The bindings of one module."""

    def __init__(self, module: Module) -> None:
        self._module = module

    @cached_property
    def bindings(self) -> dict[str, tuple[Binding, ...]]:
        """By name, in the order of the source. Star imports stand apart."""
        found: dict[str, list[Binding]] = {}
        for binding in self._all:
            if binding.name != "*":
                found.setdefault(binding.name, []).append(binding)
        return {name: tuple(bindings) for name, bindings in found.items()}

    @cached_property
    def stars(self) -> tuple[str, ...]:
        """Dotted names of the modules of which everything is imported."""
        return tuple(binding.origin for binding in self._all if binding.name == "*")

    @cached_property
    def imported(self) -> frozenset[str]:
        """Dotted names of what importing the module imports, under whatever conditions."""
        return frozenset(
            item.origin
            for item in self._all
            if item.kind == "import"
            and not item.place.typing_only
            and not any(outcome and is_main(test) for test, outcome in item.place.guards)
        )

    def later_stars(self, name: str) -> tuple[str, ...]:
        """Those of the star imports that stand behind every statement that binds a name."""
        if not self.stars:
            return ()
        last = max((place for place, binding in enumerate(self._all) if binding.name == name), default=-1)
        return tuple(binding.origin for binding in self._all[last + 1 :] if binding.name == "*")

    @cached_property
    def _all(self) -> tuple[Binding, ...]:
        return tuple(_walk(self._module))


def _walk(module: Module) -> Iterator[Binding]:
    stack = [(statement, Place()) for statement in reversed(module.tree.body)]
    while stack:
        statement, place = stack.pop()
        yield from _bindings(module, statement, place)
        stack.extend(reversed(list(_children(statement, place))))
    yield from _hidden(module)


def _children(statement: ast.stmt, place: Place) -> Iterator[tuple[ast.stmt, Place]]:
    """The statements inside a statement that belong to the same scope."""
    match statement:
        case ast.If():
            yes, no = (statement.test, True), (statement.test, False)
            typing_only = place.typing_only or is_type_checking(statement.test)
            inner = replace(place, guards=(*place.guards, yes), typing_only=typing_only)
            yield from ((child, inner) for child in statement.body)
            outer = replace(place, guards=(*place.guards, no))
            yield from ((child, outer) for child in statement.orelse)
        case ast.For() | ast.AsyncFor() | ast.While():
            inner = replace(place, repeated=True)
            yield from ((child, inner) for child in [*statement.body, *statement.orelse])
        case ast.Try() | ast.TryStar():
            attempt = replace(place, attempt=tuple(statement.body)) if statement.handlers else place
            yield from ((child, attempt) for child in statement.body)
            handler = replace(attempt, fallback=True)
            yield from ((child, handler) for item in statement.handlers for child in item.body)
            yield from ((child, attempt) for child in statement.orelse)
            yield from ((child, place) for child in statement.finalbody)
        case ast.With() | ast.AsyncWith():
            yield from ((child, place) for child in statement.body)
        case ast.Match():
            inner = replace(place, repeated=True)  # which of them runs is not looked at
            yield from ((child, inner) for case in statement.cases for child in case.body)


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
"""Statements that define a function."""


def is_type_checking(test: ast.expr) -> bool:
    """Whether a test is ``TYPE_CHECKING`` or ``typing.TYPE_CHECKING``."""
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def is_main(test: ast.expr) -> bool:
    """Whether a test is ``__name__ == "__main__"``."""
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and isinstance(test.ops[0], ast.Eq)
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
    )


def _bindings(module: Module, statement: ast.stmt, place: Place) -> Iterator[Binding]:
    match statement:
        case ast.Import() | ast.ImportFrom():
            yield from imports(module, statement, place)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield Binding(statement.name, "function", statement, place)
        case ast.ClassDef():
            yield Binding(statement.name, "class", statement, place)
        case ast.Assign():
            for target in statement.targets:
                yield from _targets(target, statement, place, statement.value)
        case ast.AnnAssign() if statement.value is not None:
            yield from _targets(statement.target, statement, place, statement.value)
        case ast.Expr() | ast.AnnAssign():
            return
        case _ if type(statement).__name__ == "TypeAlias":  # Python 3.12
            alias = statement
            yield Binding(alias.name.id, "assign", statement, place, alias.value)  # type: ignore[attr-defined]
        case _:
            for target in _other_targets(statement):
                yield from _targets(target, statement, place, None)


def _other_targets(statement: ast.stmt) -> Iterator[ast.expr]:
    """What is bound by statements other than definitions and assignments."""
    match statement:
        case ast.AugAssign() | ast.For() | ast.AsyncFor():
            yield statement.target
        case ast.Delete():
            yield from statement.targets
        case ast.With() | ast.AsyncWith():
            yield from (item.optional_vars for item in statement.items if item.optional_vars is not None)
        case ast.Try() | ast.TryStar():
            yield from (ast.Name(handler.name) for handler in statement.handlers if handler.name)
        case ast.Match():
            for pattern in (node for case in statement.cases for node in ast.walk(case.pattern)):
                name = getattr(pattern, "rest", None) or getattr(pattern, "name", None)
                if isinstance(name, str):
                    yield ast.Name(name)


def imports(module: Module, statement: ast.Import | ast.ImportFrom, place: Place) -> Iterator[Binding]:
    """What an import binds, wherever it stands."""
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            base = import_base(module, statement)
            origin = base if alias.name == "*" else f"{base}.{alias.name}".lstrip(".")
            yield Binding(alias.asname or alias.name, "import", statement, place, None, origin, alias)
        else:
            name = alias.asname or alias.name.partition(".")[0]
            submodule = alias.asname is None and "." in alias.name
            yield Binding(name, "import", statement, place, None, alias.name, alias, submodule)


def import_base(module: Module, statement: ast.ImportFrom) -> str:
    """The absolute name of the module from which a statement imports; empty if it leaves the top package."""
    if not statement.level:
        return statement.module or ""
    parts = module.package.split(".") if module.package else []
    if statement.level > 1:
        parts = parts[: 1 - statement.level] if len(parts) >= statement.level - 1 else []
    return ".".join([*parts, *([statement.module] if statement.module else [])])


def _targets(target: ast.expr, statement: ast.stmt, place: Place, value: ast.expr | None) -> Iterator[Binding]:
    if isinstance(target, ast.Name):
        yield Binding(target.id, "other" if value is None else "assign", statement, place, value)
        return
    pending: list[ast.expr] = [target]
    while pending:
        item = pending.pop()
        if isinstance(item, ast.Tuple | ast.List):
            pending.extend(reversed(item.elts))
        elif isinstance(item, ast.Starred):
            pending.append(item.value)
        elif isinstance(item, ast.Name):
            parts = None if value is None or item is target else (target, value)
            yield Binding(item.id, "other", statement, place, parts=parts)


def _hidden(module: Module) -> Iterator[Binding]:
    """Bindings inside expressions and functions: ``:=`` and ``global``. The text tells whether there can be any."""
    if ":=" not in module.source and "global " not in module.source:
        return
    for statement in module.tree.body:
        pending: list[tuple[ast.AST, bool]] = [(statement, False)]
        while pending:
            node, local = pending.pop()
            if isinstance(node, ast.Global):
                yield from (Binding(name, "other", statement, Place()) for name in node.names)
            elif isinstance(node, ast.NamedExpr) and not local:
                yield Binding(node.target.id, "other", statement, Place())
            inner = local or isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef))
            pending.extend((child, inner) for child in ast.iter_child_nodes(node))
