"""What a project declares: the decorated functions and jobs, as plain facts about the source."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.modules import Module
from flowstone.frontend.values import Scope

Kind = Literal["asset", "resource", "check", "handler", "sensor"]
Word = Literal["asset", "route", "join", "item_reader", "resource", "check", "sensor", "on_signal", "on_timeout"]
"""A decorator; the last two are those of an asset with a gate."""
KINDS: Mapping[str, Literal["asset", "resource", "check", "sensor"]] = {
    "asset": "asset",
    "route": "asset",
    "join": "asset",
    "item_reader": "resource",
    "resource": "resource",
    "check": "check",
    "sensor": "sensor",
}
"""What each decorator declares: a route is an asset whose value is a choice, a join one that takes failures, too;
an item reader is a resource that is read instead of opened."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Declared(Struct, frozen=True, eq=False):
    """A function under one of the decorators. Loops and factories declare one function many times."""

    word: Word
    function: Function
    call: ast.Call | None
    """The decorator's call; None for a bare ``@asset``."""
    scope: Scope
    """Where decorator, defaults and annotations are evaluated; its module holds the ``def``."""
    runs_in: Module
    """The module whose import declares it."""
    closure: Mapping[str, Any]
    """Constants around the function that its body may read."""
    handlers: list[Declared] = field(default_factory=list)
    """The functions under the decorators of this one; grows while the module is followed."""

    @property
    def kind(self) -> Kind:
        """What is declared."""
        return KINDS.get(self.word, "handler")

    @property
    def span(self) -> Span:
        """Place of the function's name."""
        return self.scope.module.name_span(self.function)


class DeclaredJob(Struct, frozen=True, eq=False):
    """A call of ``Job(...)``."""

    call: ast.Call
    scope: Scope
    runs_in: Module

    @property
    def span(self) -> Span:
        """Place of the call."""
        return self.scope.module.span(self.call)
