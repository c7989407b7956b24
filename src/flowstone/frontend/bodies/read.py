"""Reads what the bodies of declared functions do, each once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property, partial
from itertools import chain
from typing import cast

from flowstone.diagnostics.diagnostic import Span
from flowstone.dsl.partitions import TimePartitions
from flowstone.dsl.signals import HandlerWord
from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.bodies.additions import WORD, additions
from flowstone.frontend.bodies.choices import named_texts, returned_texts
from flowstone.frontend.bodies.deeds import deeds, may_do
from flowstone.frontend.bodies.dimensions import may_ask, needed_dimensions
from flowstone.frontend.bodies.final import ends, never_returns
from flowstone.frontend.bodies.flow import Ending, Surroundings, endings, endings_without_yield, swallows
from flowstone.frontend.bodies.module_names import ModuleNames
from flowstone.frontend.bodies.partition_reads import may_read, partition_reads
from flowstone.frontend.bodies.requests import requests
from flowstone.frontend.bodies.unstable import Unstable
from flowstone.frontend.declarations import KINDS
from flowstone.frontend.drafts import Draft
from flowstone.frontend.functions import yields
from flowstone.frontend.keywords import Keywords
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Defined, Names, ProjectModule, Public
from flowstone.frontend.places import location
from flowstone.ir.body import BodyFact, FactKind, Owner

_BARE_RETURN = re.compile(r"return[ \t]*(?:[#;\n(\\]|None\b|$)")


class _Seen:
    """What is worked out once of a module."""

    def __init__(self, module: Module) -> None:
        self._tree = module.tree
        self.names = ModuleNames(module.tree)
        self.unstable = Unstable(self.names)
        self.has_bare_returns = _BARE_RETURN.search(module.source) is not None
        self.may_do = may_do(module.source)

    @cached_property
    def texts(self) -> dict[str, str]:
        """The texts that have names in the module."""
        return named_texts(self._tree)


class Bodies:
    """The bodies of a project's declared functions."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._modules: dict[str, _Seen] = {}

    def facts(self, draft: Draft) -> Iterator[BodyFact]:
        """What the function of a declaration does."""
        module = draft.declared.scope.module
        kind = KINDS[draft.declared.word]
        for ending in self._endings(draft):
            place = location(_head(module, ending.node))
            yield BodyFact(kind=ending.kind, owner_kind=kind, owner=draft.id, location=place)
        if kind == "asset" and self._seen(module).may_do:
            yield from self._deeds(draft)
        yield from _of_partitions(draft, kind)
        for handler in draft.declared.handlers:
            yield from self._of_handler(Draft(handler, Keywords(), draft.name, draft.namespace))
        if kind == "sensor":
            yield from self._requests(draft)
        if draft.declared.word == "route":
            for node, text in returned_texts(draft.declared.function, self._seen(module).texts):
                place = location(module.span(node))
                yield BodyFact(kind="chooses", owner_kind=kind, owner=draft.id, location=place, what=text)

    def _requests(self, draft: Draft) -> Iterator[BodyFact]:
        """The partitions that a sensor asks for where they are written out."""
        module = draft.declared.scope.module
        for call, partition in requests(draft.declared.function):
            if isinstance(self._names.resolve(module, call.func), Public):
                place = location(module.span(partition))
                yield BodyFact(
                    kind="requests", owner_kind="sensor", owner=draft.id, location=place, what=str(partition.value)
                )

    def _of_handler(self, draft: Draft) -> Iterator[BodyFact]:
        module, word = draft.declared.scope.module, cast("HandlerWord", draft.declared.word)
        for ending in self._endings(draft):
            place = location(_head(module, ending.node))
            yield BodyFact(kind=ending.kind, owner_kind="asset", owner=draft.id, handler=word, location=place)
        if self._seen(module).may_do:
            yield from self._deeds(draft)

    def _deeds(self, draft: Draft) -> Iterator[BodyFact]:
        """What makes the run of an asset differ from another."""
        module = draft.declared.scope.module
        seen = self._seen(module)
        for deed in deeds(draft.declared.function, seen.names, seen.unstable):
            called = deed.bound if deed.kind in ("clock", "random") and deed.bound is not None else deed.node
            if isinstance(called, ast.Call) and self._is_own(module, called):
                continue
            yield BodyFact(
                kind=deed.kind,
                owner_kind="asset",
                owner=draft.id,
                location=location(module.span(deed.node)),
                what=deed.what,
                inside=None if deed.bound is None else location(module.span(deed.bound)),
            )

    def _is_own(self, module: Module, call: ast.Call) -> bool:
        """Whether a call that looks like one of a library is one of the project."""
        return isinstance(self._names.resolve(module, call.func), Defined | ProjectModule)

    def _endings(self, draft: Draft) -> list[Ending]:
        """The ways in which a function ends without what is expected of it."""
        function, module, kind = draft.declared.function, draft.declared.scope.module, draft.declared.kind
        is_route = draft.declared.word == "route"
        if kind == "sensor":  # no value means that nothing is new
            return []
        if "yield" in module.source and yields(function):
            opens = draft.declared.word == "resource"
            return endings_without_yield(function, self._surroundings(module)) if opens else []
        promises = not isinstance(function.returns, ast.Constant) or function.returns.value is not None
        unsaid = (kind != "check" and not promises) or (kind in ("asset", "handler") and function.returns is None)
        if unsaid and not is_route:
            return []
        return [] if self._surely_returns(function, module) else endings(function, self._surroundings(module))

    def _surroundings(self, module: Module) -> Surroundings:
        return Surroundings(partial(self._never_returns, module), partial(swallows, self._seen(module).names.origins))

    def _surely_returns(self, function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> bool:
        """Whether a short look is enough, as it is for most functions."""
        return isinstance(function.body[-1], ast.Return | ast.Raise) and not self._seen(module).has_bare_returns

    def _seen(self, module: Module) -> _Seen:
        if module.name not in self._modules:
            self._modules[module.name] = _Seen(module)
        return self._modules[module.name]

    def _never_returns(self, module: Module, call: ast.Call) -> bool:
        if ends(call, self._seen(module).names.origins):
            return True
        target = self._names.resolve(module, call.func)
        if not isinstance(target, Defined) or len(target.bindings) != 1:
            return False
        node = target.bindings[0].node
        return isinstance(node, FUNCTIONS) and never_returns(node)


def _of_partitions(draft: Draft, kind: Owner) -> Iterator[BodyFact]:
    """What a function and its handlers do with partitions."""
    module = draft.declared.scope.module
    functions = (draft.declared.function, *(item.function for item in draft.declared.handlers))
    found: list[tuple[FactKind, ast.expr, str]] = []
    if WORD in module.source:
        added = chain.from_iterable(map(additions, functions))
        found += [("adds partitions", node, registry) for node, registry in added]
    if may_ask(module.source):
        asked = chain.from_iterable(map(needed_dimensions, functions))
        found += [("asks dimension", node, str(node.value)) for node in asked]
    if may_read(module.source) and _may_have_none(draft):
        reads = chain.from_iterable(map(partition_reads, functions))
        found += [("reads partition", node, node.attr) for node in reads]
    for what, node, text in found:
        place = location(module.span(node))
        yield BodyFact(kind=what, owner_kind=kind, owner=draft.id, location=place, what=text)


def _may_have_none(draft: Draft) -> bool:
    """Whether the asset that a function belongs to may have no partition, or one without a period.

    Of a function that is declared many times all declarations count: it may know which of them it is called for.
    """
    given = draft.keywords.values.get("partitioned_by")
    return not isinstance(given, TimePartitions) or bool(draft.declared.closure)


def _head(module: Module, node: ast.stmt) -> Span:
    """Place of a statement, of a long one only its first line."""
    span = module.span(node)
    if span.line == span.end_line:
        return span
    return Span(span.file, span.line, span.column, span.line, len(module.lines[span.line - 1].rstrip()) + 1)
