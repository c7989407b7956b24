"""Decorators between ``@asset`` and the function: whether FlowStone gets the function, or a wrapper that looks like it.

A worker finds the function by its name, and a declaration is named like it: a decorator must keep the name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Builtin, Defined, External, Missing, Names

_NO_FUNCTIONS = frozenset(
    {"functools.cache", "functools.lru_cache", "functools.partial", "functools.cached_property", "functools.wraps"}
    | {"builtins.classmethod", "builtins.property", "builtins.staticmethod", "functools.update_wrapper"}
)
"""What gives back something that is no function, or is named otherwise."""
_WRAPS = frozenset({"functools.wraps", "functools.update_wrapper"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Wrappers:
    """Looks at decorators."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def hides(self, decorator: ast.expr, module: Module) -> bool:
        """Whether a decorator may give back something without the name of the function that it was given.

        Those of other packages are taken to use ``functools.wraps``, as is the custom.
        """
        called = isinstance(decorator, ast.Call)
        named = decorator.func if isinstance(decorator, ast.Call) else decorator
        target = self._names.resolve(module, named)
        if isinstance(target, Defined):
            node = target.bindings[0].node
            if len(target.bindings) != 1 or not isinstance(node, ast.FunctionDef) or node.decorator_list:
                return True
            return not (self._gives_decorator(node, target.module) if called else self._keeps(node, target.module))
        return self._dotted(target) in _NO_FUNCTIONS

    @staticmethod
    def _dotted(target: object) -> str:
        if isinstance(target, Builtin):
            return f"builtins.{target.name}"
        return target.dotted if isinstance(target, External) else ""

    def _gives_decorator(self, function: _Function, module: Module) -> bool:
        """Whether a function gives back decorators that keep the name."""
        inner = {item.name: item for item in function.body if isinstance(item, FUNCTIONS)}
        returned = list(_returned(function))
        return bool(returned) and all(
            isinstance(value, ast.Name) and value.id in inner and self._keeps(inner[value.id], module)
            for value in returned
        )

    def _keeps(self, function: _Function, module: Module) -> bool:
        """Whether a decorator gives back the function that it was given, or a wrapper with its name."""
        arguments = [*function.args.posonlyargs, *function.args.args]
        if not arguments or self._changes(function, arguments[0].arg):
            return False
        given = arguments[0].arg
        wrappers = {
            item.name
            for item in _statements(function)
            if isinstance(item, FUNCTIONS) and self._wraps(item, given, module)
        }
        returned = list(_returned(function))
        return bool(returned) and all(
            (isinstance(value, ast.Name) and value.id in {given, *wrappers})
            or (value is not None and self._is_wrapping_call(value, given, module))
            for value in returned
        )

    @staticmethod
    def _changes(function: _Function, given: str) -> bool:
        """Whether a function binds its parameter again, or sets the name of what it was given."""
        for node in (node for statement in function.body for node in ast.walk(statement)):
            if isinstance(node, ast.Name) and node.id == given and not isinstance(node.ctx, ast.Load):
                return True
            if isinstance(node, ast.Attribute) and node.attr == "__name__" and not isinstance(node.ctx, ast.Load):
                return True
        return False

    def _wraps(self, function: _Function, given: str, module: Module) -> bool:
        decorators = function.decorator_list
        return len(decorators) == 1 and self._is_wrapping_call(decorators[0], given, module)

    def _is_wrapping_call(self, node: ast.expr, given: str, module: Module) -> bool:
        """``wraps(given)``, ``wraps(given)(wrapper)`` or ``update_wrapper(wrapper, given)``."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Call):
            node = node.func
        if not isinstance(node, ast.Call) or not self._is_wraps(node.func, module):
            return False
        return bool(node.args) and isinstance(node.args[-1], ast.Name) and node.args[-1].id == given

    def _is_wraps(self, node: ast.expr, module: Module) -> bool:
        target = self._names.resolve(module, node)
        if target is None or isinstance(target, Missing):  # imported inside of the function
            return isinstance(node, ast.Name | ast.Attribute) and f"functools.{_last(node)}" in _WRAPS
        return self._dotted(target) in _WRAPS


def _last(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _statements(function: _Function) -> Iterator[ast.AST]:
    """The nodes of a function's own body, without those of functions and classes inside."""
    pending: list[ast.AST] = [*function.body]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))


def _returned(function: _Function) -> Iterator[ast.expr | None]:
    return (node.value for node in _statements(function) if isinstance(node, ast.Return))
