"""The walk over an expression: each node by its method, within limits, with Python's errors as refusals."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from flowstone.frontend import iteration, operators
from flowstone.frontend.construct import symbolic
from flowstone.frontend.enums import Enums
from flowstone.frontend.names import Names
from flowstone.frontend.values import (
    ClassValue,
    Node,
    Refusal,
    Scope,
    Symbol,
)
from flowstone.frontend.weights import Weights, is_container

MAX_STEPS = 100_000
"""Most nodes that are visited for one expression."""
MAX_MODULE_STEPS = 600_000
"""Most nodes that are visited for the expressions of one module."""
MAX_TOTAL_STEPS = 3_000_000
"""Most nodes that are visited for a project."""
MAX_DEPTH = 1_000
"""Deepest nesting, calls of project functions included."""

_BIG = 1 << 64
_PYTHON_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, StopIteration, RuntimeError)
ADVICE = "write it with literals and names that are bound once to constants; see 'What is static' in docs/language.md"

_DESCRIPTIONS = {
    ast.Await: "an 'await'",
    ast.Yield: "a 'yield'",
    ast.Starred: "an unpacking '*'",
}


def _described(node: ast.expr) -> str:
    return _DESCRIPTIONS.get(type(node), f"this {type(node).__name__}")


class Walk:
    """Evaluates expressions by the methods that subclasses give it. Counts what it does."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.methods: dict[type[ast.expr], Callable[[Any, Scope], Any]] = {}
        self.weights = Weights()
        self.enums = Enums(names, lambda node, scope: self._value(node, scope))
        self._spent: dict[str, int] = {}
        """Steps by the module that holds the expression."""
        self._exhausted: set[str] = set()
        self._module = ""
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
        if self.weights.is_symbolic(value):
            raise symbolic(value, scope.module.span(node), what)
        return value

    def evaluate(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression; a symbol for what can only be named. Errors: Refusal."""
        if isinstance(node, ast.Constant) and (node.value.__class__ is not int or abs(node.value) < _BIG):
            return node.value
        self._begin(scope)
        return self._value(node, scope)

    def items(self, node: ast.expr, scope: Scope) -> list[Any]:
        """The items of an iterable expression. Errors: Refusal."""
        self._begin(scope)
        return self._items(node, scope)

    def _begin(self, scope: Scope) -> None:
        """Count the steps of a further expression, if this is one of its own."""
        if self._depth == 0:
            self._total += self._steps
            self._spent[self._module] = self._spent.get(self._module, 0) + self._steps
            self._steps = 0
            self._module = scope.module.name
            self.weights.forget()

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
            raise _too_large(node, scope, error) from None
        except operators.UnstableError as error:
            raise self.refused(node, scope, str(error)) from None
        except RecursionError:
            raise _too_deep(node, scope) from None
        except MemoryError:
            raise _too_large(node, scope, "it takes too much memory") from None
        except _PYTHON_ERRORS as error:
            message = f"this expression fails: {type(error).__name__}: {str(error)[:100]}"
            raise Refusal("FS005", message, scope.module.span(node), help="correct the expression") from None
        finally:
            self._depth -= 1

    def step(self, steps: int = 1) -> None:
        """Count what is no node of its own."""
        self._steps += steps

    def metered(self, items: Iterator[Any]) -> Iterator[Any]:
        """The items of an iterator, each counted: it may be endless. Errors: LimitError."""
        for number, item in enumerate(items):
            self._steps += 1
            if number > operators.MAX_ITEMS or self._steps > MAX_STEPS:
                raise operators.LimitError(f"more than {min(number, operators.MAX_ITEMS)} items")
            yield item

    def _weigh(self, value: Any) -> Any:
        """The value, if what it holds is bounded; what is large costs steps. Errors: LimitError."""
        if is_container(value):
            known = self.weights.known(value)
            if known is None:
                known = self.weights.add(value)
                self._steps += known.items >> 3
            self._steps += known.items >> 6
        elif isinstance(value, str | bytes):
            self._steps += len(value) >> 9
        return value

    def _check_limits(self, node: ast.expr, scope: Scope) -> None:
        if self._depth > MAX_DEPTH:
            raise _too_deep(node, scope)
        spent = self._spent.get(scope.module.name, 0)
        if self._steps <= MAX_STEPS and spent + self._steps <= MAX_MODULE_STEPS and self._total <= MAX_TOTAL_STEPS:
            return
        name, span, silent = scope.module.name, scope.module.span(node), False
        message = f"the evaluation takes more than {MAX_STEPS} steps"
        if self._steps <= MAX_STEPS:
            message = f"the constants of the project take more than {MAX_TOTAL_STEPS} steps to evaluate"
            if self._total <= MAX_TOTAL_STEPS:
                message = f"the constants of module '{name}' take more than {MAX_MODULE_STEPS} steps to evaluate"
            silent = name in self._exhausted  # once is enough
            self._exhausted.add(name)
        raise Refusal("FS009", message, span, help="write the result as a literal", silent=silent)

    def _plain(self, node: ast.expr, scope: Scope) -> Any:
        """A value that can be computed with."""
        value = self._value(node, scope)
        if isinstance(value, Symbol):
            raise symbolic(value, scope.module.span(node), "this part of the expression")
        return value

    def _items(self, node: ast.expr, scope: Scope) -> list[Any]:
        value = self._loose(node, scope)
        if isinstance(value, ClassValue) and value in self.enums:
            return self.enums.iterated(value)
        if isinstance(value, Symbol):
            raise symbolic(value, scope.module.span(node), "what is iterated")
        try:
            return list(self.metered(value) if isinstance(value, Iterator) else iteration.ordered(value))
        except operators.UnstableError as error:
            raise self.refused(node, scope, str(error)) from None
        except operators.LimitError as error:
            raise _too_large(node, scope, error) from None
        except TypeError as error:
            raise Refusal("FS005", str(error), scope.module.span(node), help="correct the expression") from None

    def _truth(self, node: ast.expr, scope: Scope) -> bool:
        return operators.truth(self._value(node, scope))


def _too_large(node: ast.expr, scope: Scope, why: object) -> Refusal:
    message = f"the evaluation is too large: {why}"
    return Refusal("FS009", message, scope.module.span(node), help="write a smaller value, or the result as a literal")


def _too_deep(node: ast.expr, scope: Scope) -> Refusal:
    return Refusal(
        "FS010",
        "this expression is too deeply nested",
        scope.module.span(node),
        help="split it into several named ones",
    )
