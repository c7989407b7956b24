"""The walk over an expression: each node by its method, within limits, with Python's errors as refusals."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from flowstone.frontend import library, operators
from flowstone.frontend.classes import enum_members, is_enum
from flowstone.frontend.construct import symbolic
from flowstone.frontend.names import Names
from flowstone.frontend.values import (
    ClassValue,
    Node,
    Refusal,
    Scope,
    Symbol,
)

MAX_STEPS = 200_000
"""Most nodes that are visited for one expression."""
MAX_WEIGHT = 100_000
"""Most items of a value, those of its items included."""
MAX_TOTAL_STEPS = 3_000_000
"""Most nodes that are visited for a project."""
MAX_DEPTH = 1_000
"""Deepest nesting, calls of project functions included."""

_PYTHON_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
ADVICE = "write it with literals and names that are bound once to constants; see the guide on what is read statically"

_DESCRIPTIONS = {
    ast.Lambda: "a lambda",
    ast.Await: "an 'await'",
    ast.Yield: "a 'yield'",
    ast.NamedExpr: "an assignment ':='",
    ast.Starred: "an unpacking '*'",
}


def _described(node: ast.expr) -> str:
    return _DESCRIPTIONS.get(type(node), f"this {type(node).__name__}")


class Walk:
    """Evaluates expressions by the methods that subclasses give it. Counts what it does."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.methods: dict[type[ast.expr], Callable[[Any, Scope], Any]] = {}
        self._weights: dict[int, tuple[Any, int]] = {}
        """By identity: the container, so that it stays, and the number of items in it and below."""
        self._steps = 0
        self._total = 0
        self._depth = 0

    @property
    def effort(self) -> float:
        """The part of the steps for a whole project that was taken so far, from 0 to 1."""
        return (self._total + self._steps) / MAX_TOTAL_STEPS

    def constant(self, node: ast.expr, scope: Scope, what: str) -> Any:
        """The value of an expression that must be a plain constant. Errors: Refusal."""
        value = self.evaluate(node, scope)
        if library.is_symbolic(value):
            raise symbolic(value, scope.module.span(node), what)
        return value

    def evaluate(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression; a symbol for what can only be named. Errors: Refusal."""
        if isinstance(node, ast.Constant):
            return node.value
        if self._depth == 0:
            self._total += self._steps
            self._steps = 0
        return self._value(node, scope)

    def items(self, node: ast.expr, scope: Scope) -> list[Any]:
        """The items of an iterable expression. Errors: Refusal."""
        if self._depth == 0:
            self._total += self._steps
            self._steps = 0
        return self._items(node, scope)

    def refused(self, node: Node, scope: Scope, message: str, *, help: str = ADVICE) -> Refusal:
        """The refusal of an expression that is not constant."""
        return Refusal("FS003", message, scope.module.span(node), help=help)

    def _value(self, node: ast.expr, scope: Scope) -> Any:
        """A value that may be kept: no iterator that is used up when it is read."""
        value = self._loose(node, scope)
        if isinstance(value, Iterator) or type(value).__name__ in ("dict_keys", "dict_values", "dict_items"):
            raise self.refused(node, scope, "an iterator is no constant", help="wrap it in list(...)")
        return value

    def _loose(self, node: ast.expr, scope: Scope) -> Any:
        method = self.methods.get(type(node))
        if method is None:
            raise self.refused(node, scope, f"{_described(node)} is not a constant expression")
        self._steps += 1
        self._depth += 1
        try:
            self._check_limits(node, scope)
            return self._weigh(operators.bounded(method(node, scope)))
        except operators.LimitError as error:
            raise Refusal("FS009", f"the evaluation is too large: {error}", scope.module.span(node)) from None
        except operators.UnstableError as error:
            raise self.refused(node, scope, str(error)) from None
        except RecursionError:
            raise _too_deep(node, scope) from None
        except _PYTHON_ERRORS as error:
            message = f"this expression fails: {type(error).__name__}: {str(error)[:100]}"
            raise Refusal("FS005", message, scope.module.span(node), help="correct the expression") from None
        finally:
            self._depth -= 1

    def step(self) -> None:
        """Count a step that is no node of its own."""
        self._steps += 1

    def _weigh(self, value: Any) -> Any:
        """The value, if what it holds is bounded: containers may share their items. Errors: LimitError."""
        if isinstance(value, list | tuple | dict):
            self._weights[id(value)] = (value, self._weight(value))
        return value

    def _weight(self, value: Any) -> int:
        if isinstance(value, str | bytes):
            return 1 + len(value) // 100
        if not isinstance(value, list | tuple | dict):
            return 1
        known = self._weights.get(id(value))
        if known is not None:
            return known[1]
        items = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        total = 1 + sum(map(self._weight, items))
        if total > MAX_WEIGHT:
            raise operators.LimitError(f"all items together are more than {MAX_WEIGHT}")
        return total

    def _check_limits(self, node: ast.expr, scope: Scope) -> None:
        if self._steps > MAX_STEPS or self._total + self._steps > MAX_TOTAL_STEPS:
            message = f"the evaluation takes more than {MAX_STEPS} steps"
            if self._steps <= MAX_STEPS:
                message = f"the constants of the project take more than {MAX_TOTAL_STEPS} steps to evaluate"
            raise Refusal("FS009", message, scope.module.span(node), help="write the result as a literal")
        if self._depth > MAX_DEPTH:
            raise _too_deep(node, scope)

    def _plain(self, node: ast.expr, scope: Scope) -> Any:
        """A value that can be computed with."""
        value = self._value(node, scope)
        if isinstance(value, Symbol):
            raise symbolic(value, scope.module.span(node), "this part of the expression")
        return value

    def _items(self, node: ast.expr, scope: Scope) -> list[Any]:
        value = self._loose(node, scope)
        if isinstance(value, ClassValue) and is_enum(value, self.names):
            return [member.value for member in enum_members(value, self.names, self._value)]
        if isinstance(value, Symbol):
            raise symbolic(value, scope.module.span(node), "what is iterated")
        try:
            return list(library.ordered(value))
        except operators.UnstableError as error:
            raise self.refused(node, scope, str(error)) from None
        except operators.LimitError as error:
            raise Refusal("FS009", f"the evaluation is too large: {error}", scope.module.span(node)) from None
        except TypeError as error:
            raise Refusal("FS005", str(error), scope.module.span(node)) from None

    def _truth(self, node: ast.expr, scope: Scope) -> bool:
        return operators.truth(self._value(node, scope))


def _too_deep(node: ast.expr, scope: Scope) -> Refusal:
    return Refusal(
        "FS010",
        "this expression is too deeply nested",
        scope.module.span(node),
        help="split it into several named ones",
    )
