"""Calls of project functions in constant expressions: their bodies are followed as long as they only compute a value.

Nothing in such a body may change a value in place, so that a call has no effect but its result.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from flowstone.frontend.expressions import Expressions
from flowstone.frontend.functions import bind_arguments, yields
from flowstone.frontend.names import External
from flowstone.frontend.values import FunctionValue, LambdaValue, Refusal, Scope

_TRANSPARENT = frozenset({"functools.cache", "functools.lru_cache", "builtins.staticmethod", "typing.no_type_check"})
"""Decorators that change nothing about what a function computes."""


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class Calls(Expressions):
    """Follows the statements of functions that are called in constant expressions."""

    def call(
        self,
        function: FunctionValue | LambdaValue,
        positional: Sequence[Any],
        keywords: Mapping[str, Any],
        node: ast.expr,
        scope: Scope,
    ) -> Any:
        """The value of a call. Errors: Refusal; TypeError as Python's for arguments that do not fit."""
        bound = bind_arguments(
            function.node, positional, keywords, lambda default: self.evaluate(default, function.scope)
        )
        inner = function.scope.inside(bound)
        if isinstance(function, LambdaValue):
            return self._value(function.node.body, inner)
        if not self._is_followed(function):
            raise self.not_seen(function, node, scope)
        values = dict(inner.values)
        try:
            self._body(function.node.body, Scope(inner.module, values))
        except _Return as result:
            return result.value
        return None

    def _is_followed(self, function: FunctionValue) -> bool:
        for decorator in function.node.decorator_list:
            named = decorator.func if isinstance(decorator, ast.Call) else decorator
            target = self.names.resolve(function.scope.module, named)
            dotted = target.dotted if isinstance(target, External) else f"builtins.{getattr(target, 'name', '')}"
            if dotted not in (*_TRANSPARENT, "builtins.property"):
                return False
        return isinstance(function.node, ast.FunctionDef) and not yields(function.node)

    def _body(self, statements: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            self.step()
            self._statement(statement, scope)
            if scope.assigned:
                self._local(scope).update(scope.assigned)
                scope.assigned.clear()

    @staticmethod
    def _local(scope: Scope) -> dict[str, Any]:
        """The names of the function, which grow while its body is followed."""
        assert isinstance(scope.values, dict)
        return scope.values

    def _statement(self, statement: ast.stmt, scope: Scope) -> None:
        match statement:
            case ast.Assign() | ast.AnnAssign() if statement.value is not None:
                self._assign(statement, scope)
            case ast.AugAssign():
                self._augment(statement, scope)
            case ast.If():
                self._body(statement.body if self._truth(statement.test, scope) else statement.orelse, scope)
            case ast.FunctionDef() if not statement.decorator_list:
                self._local(scope)[statement.name] = FunctionValue(Scope(scope.module, scope.values), statement)
            case ast.Pass() | ast.AnnAssign() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                self._flow(statement, scope)

    def _flow(self, statement: ast.stmt, scope: Scope) -> None:
        match statement:
            case ast.For():
                self._for(statement, scope)
            case ast.While():
                self._while(statement, scope)
            case ast.Return(value=value):
                raise _Return(None if value is None else self._value(value, scope))
            case ast.Break():
                raise _Break
            case ast.Continue():
                raise _Continue
            case ast.Raise():
                raise self._fails(statement, scope, "it raises an error")
            case ast.Assert():
                if not self._truth(statement.test, scope):
                    raise self._fails(statement, scope, "AssertionError")
            case _:
                raise self._unfollowed(statement, scope)

    def _assign(self, statement: ast.Assign | ast.AnnAssign, scope: Scope) -> None:
        assert statement.value is not None
        value = self._value(statement.value, scope)
        for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
            self._local(scope).update(self.unpack(target, value, scope))

    def _augment(self, statement: ast.AugAssign, scope: Scope) -> None:
        name = statement.target.id if isinstance(statement.target, ast.Name) else ""
        if name not in scope.values or isinstance(scope.values[name], list | dict | set):
            raise self._unfollowed(statement, scope)
        read = ast.copy_location(ast.Name(name, ast.Load()), statement)
        operation = ast.copy_location(ast.BinOp(read, statement.op, statement.value), statement)
        self._local(scope)[name] = self._value(operation, scope)

    def _for(self, statement: ast.For, scope: Scope) -> None:
        for item in self._items(statement.iter, scope):
            self.step()
            self._local(scope).update(self.unpack(statement.target, item, scope))
            try:
                self._body(statement.body, scope)
            except _Continue:
                continue
            except _Break:
                return
        self._body(statement.orelse, scope)

    def _while(self, statement: ast.While, scope: Scope) -> None:
        while self._truth(statement.test, scope):
            self.step()
            try:
                self._body(statement.body, scope)
            except _Continue:
                continue
            except _Break:
                return
        self._body(statement.orelse, scope)

    def _fails(self, statement: ast.stmt, scope: Scope, why: str) -> Refusal:
        return Refusal(
            "FS005", f"this call of a function fails here: {why}", scope.module.span(statement), help="correct the call"
        )

    def _unfollowed(self, statement: ast.stmt, scope: Scope) -> Refusal:
        return self.refused(
            statement,
            scope,
            f"this '{type(statement).__name__.lower()}' statement is not evaluated",
            help="compute the value with assignments, 'if', 'for' and 'return', without changing values in place",
        )
