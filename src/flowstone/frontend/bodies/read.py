"""Reads what the bodies of declared functions do, each once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.bodies.final import ends, never_returns
from flowstone.frontend.bodies.flow import Ending, Surroundings, endings, endings_without_yield, swallows
from flowstone.frontend.bodies.origins import Origins, origins
from flowstone.frontend.drafts import Draft
from flowstone.frontend.functions import yields
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Defined, Names
from flowstone.frontend.places import location
from flowstone.ir.body import BodyFact

_BARE_RETURN = re.compile(r"return[ \t]*(?:[#;\n(\\]|None\b|$)")


class Bodies:
    """The bodies of a project's declared functions."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._origins: dict[str, Origins] = {}
        self._bare_returns: dict[str, bool] = {}

    def facts(self, draft: Draft) -> Iterator[BodyFact]:
        """What the function of a declaration does."""
        module = draft.declared.scope.module
        kind = draft.declared.kind
        for ending in self._endings(draft):
            place = location(_head(module, ending.node))
            yield BodyFact(kind=ending.kind, owner_kind=kind, owner=draft.id, location=place)

    def _endings(self, draft: Draft) -> list[Ending]:
        """The ways in which a function ends without what is expected of it."""
        function, module, kind = draft.declared.function, draft.declared.scope.module, draft.declared.kind
        if "yield" in module.source and yields(function):
            return endings_without_yield(function, self._surroundings(module)) if kind == "resource" else []
        promises = not isinstance(function.returns, ast.Constant) or function.returns.value is not None
        if (kind != "check" and not promises) or (kind == "asset" and function.returns is None):
            return []
        return [] if self._surely_returns(function, module) else endings(function, self._surroundings(module))

    def _surroundings(self, module: Module) -> Surroundings:
        return Surroundings(partial(self._never_returns, module), partial(swallows, self._of_module(module)))

    def _surely_returns(self, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
        """Whether a short look is enough, as it is for most functions."""
        if module.name not in self._bare_returns:
            self._bare_returns[module.name] = _BARE_RETURN.search(module.source) is not None
        return isinstance(function.body[-1], ast.Return | ast.Raise) and not self._bare_returns[module.name]

    def _of_module(self, module: Module) -> Origins:
        if module.name not in self._origins:
            self._origins[module.name] = origins(module.tree)
        return self._origins[module.name]

    def _never_returns(self, module: Module, call: ast.Call) -> bool:
        if ends(call, self._of_module(module)):
            return True
        target = self._names.resolve(module, call.func)
        if not isinstance(target, Defined) or len(target.bindings) != 1:
            return False
        node = target.bindings[0].node
        return isinstance(node, FUNCTIONS) and never_returns(node)


def _head(module: Module, node: ast.stmt) -> Span:
    """Place of a statement, of a long one only its first line."""
    span = module.span(node)
    if span.line == span.end_line:
        return span
    return Span(span.file, span.line, span.column, span.line, len(module.lines[span.line - 1].rstrip()) + 1)
