"""The functions under ``@NAME.on_signal`` and ``@NAME.on_timeout``: found where they stand, noted with their asset."""

from __future__ import annotations

import ast

from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.dsl.signals import HANDLERS
from flowstone.fixes.respell import respell
from flowstone.frontend.declarations import Declared
from flowstone.frontend.findings import Findings
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Defined
from flowstone.frontend.touches import Touches
from flowstone.frontend.values import FunctionValue, Scope


class Handlers:
    """Ties handlers to the declarations above them. A loop declares one function many times: the last one counts."""

    def __init__(self, touches: Touches, findings: Findings) -> None:
        self._touches = touches
        self._findings = findings
        self._last: dict[int, Declared] = {}

    def declared(self, item: Declared) -> None:
        """Note a declaration to which handlers may belong."""
        self._last[id(item.function)] = item

    def add(self, handler: Declared, target: object, decorator: ast.expr) -> bool:
        """Note a handler for what its decorator names. False if that declares nothing, or after a finding."""
        functions = _functions(target)
        asset = self._asset(functions)
        span = handler.scope.module.span(decorator)
        if asset is None or asset.runs_in is not handler.runs_in:
            away = [item for item in functions if item.scope.module is not handler.runs_in]
            for item in away if handler.runs_in is handler.scope.module else ():
                if self._touches.is_declaration(item):
                    message = f"the handler of '{item.node.name}' stands in another module than the asset"
                    place = item.scope.module.name_span(item.node)
                    self._findings.error(
                        "FS519",
                        message,
                        span,
                        help=f"move it below the asset, into {item.scope.module.path}: workers import that module only",
                        related=[(place, "the asset is declared here")],
                    )
            return False
        if isinstance(decorator, ast.Call):
            message = f"@{ast.unparse(decorator.func)} takes nothing"
            self._findings.error("FS005", message, span, help="leave the brackets out")
        asset.handlers.append(handler)
        return True

    def check_word(self, decorator: ast.Attribute, target: object, module: Module) -> None:
        """Note a decorator of an asset with a gate that is no handler's, but nearly."""
        asset = self._asset(_functions(target))
        if asset is None or asset.call is None or f".{decorator.attr} =" in module.source:
            return
        word = nearest(decorator.attr, HANDLERS)
        if word is not None and any(keyword.arg == "signal_gate" for keyword in asset.call.keywords):
            span = module.span(decorator)
            self._findings.error(
                "FS004",
                f"'{asset.function.name}' has no decorator '{decorator.attr}'",
                span,
                help=did_you_mean(decorator.attr, HANDLERS),
                fix=respell(span, decorator.attr, word),
            )

    def _asset(self, functions: list[FunctionValue]) -> Declared | None:
        return next((self._last[id(item.node)] for item in functions if id(item.node) in self._last), None)


def _functions(target: object) -> list[FunctionValue]:
    """The functions that a name may stand for, the last one first."""
    if isinstance(target, FunctionValue):
        return [target]
    if not isinstance(target, Defined):
        return []
    nodes = [item.node for item in reversed(target.bindings)]
    return [
        FunctionValue(Scope(target.module), node)
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
