"""Scopes inside functions: which names of some code are its own."""

from __future__ import annotations

import ast
from typing import Literal

from msgspec import Struct, field


class Reference(Struct, frozen=True, order=True):
    """A use of a name that the code does not bind itself."""

    name: str
    attributes: tuple[str, ...] = ()
    """The attributes taken of it, as in ``name.a.b``."""
    origin: str = ""
    """For a name that an import inside the code binds: the dotted name of what is imported."""


class Scope(Struct, eq=False):
    """The names of one function, class or comprehension."""

    parent: Scope | None
    kind: Literal["function", "class", "comprehension"]
    bound: set[str] = field(default_factory=set)
    outer: set[str] = field(default_factory=set)
    """Names declared ``global``."""

    def binds(self, name: str) -> bool:
        """Whether the name is local here or in a function around."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.outer:
                return False
            if name in scope.bound and (scope is self or scope.kind != "class"):
                return True
            scope = scope.parent
        return False


def bind(scope: Scope | None, name: str) -> None:
    """Note that a scope binds a name; names of the module are not noted."""
    if scope is not None:
        scope.bound.add(name)


def function_scope(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope | None) -> Scope:
    """The scope of a function inside another, with its parameters."""
    args = node.args
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return Scope(scope, "function", {item.arg for item in named if item is not None})
