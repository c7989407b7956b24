"""The arguments of calls in constant expressions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from flowstone.frontend.calls import Calls
from flowstone.frontend.construct import Argument
from flowstone.frontend.functions import bind_arguments
from flowstone.frontend.values import FunctionValue, Refusal, Scope


class Arguments(Calls):
    """Evaluates the arguments of calls."""

    def arguments(self, call: ast.Call, scope: Scope) -> list[Argument]:
        """The arguments of a call, ``*`` and ``**`` taken apart. Errors: Refusal."""
        found = []
        for node in call.args:
            span = scope.module.span(node)
            if isinstance(node, ast.Starred):
                found += [Argument(None, item, span, span) for item in self._items(node.value, scope)]
            else:
                found.append(Argument(None, self._argument(node, scope), span, span))
        for keyword in call.keywords:
            span = scope.module.span(keyword.value)
            if keyword.arg is None:
                for name, value in self.mapping(keyword.value, scope).items():
                    found.append(Argument(name, value, span, span))
            else:
                value = self._argument(keyword.value, scope)
                found.append(Argument(keyword.arg, value, span, scope.module.span(keyword)))
        _check_once(found)
        return found

    def _argument(self, node: ast.expr, scope: Scope) -> Any:
        value = self._loose(node, scope)
        return self.metered(value) if isinstance(value, Iterator) else value

    def mapping(self, node: ast.expr, scope: Scope) -> dict[str, Any]:
        """A mapping from texts, as ``**`` takes it. Errors: Refusal."""
        value = self.evaluate(node, scope)
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise self.refused(node, scope, "what follows '**' must be a mapping from texts")
        return value

    def bind(self, function: FunctionValue, call: ast.Call, scope: Scope) -> dict[str, Any]:
        """The parameters of a project function in a call. Errors: Refusal."""
        try:
            positional, keywords = apart(self.arguments(call, scope))
            return bind_arguments(
                function.node, positional, keywords, lambda default: self.evaluate(default, function.scope)
            )
        except TypeError as error:
            raise Refusal(
                "FS005", str(error), scope.module.span(call), help="correct the arguments of the call"
            ) from None


def _check_once(arguments: Iterable[Argument]) -> None:
    names = [item.name for item in arguments if item.name is not None]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TypeError(f"the keyword '{twice}' is given twice")


def apart(arguments: Iterable[Argument]) -> tuple[list[Any], dict[str, Any]]:
    """The values by place, and those by keyword."""
    given = list(arguments)
    return [item.value for item in given if item.name is None], {
        item.name: item.value for item in given if item.name is not None
    }
