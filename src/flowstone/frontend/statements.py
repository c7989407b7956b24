"""Follows statements as Python would run them: blocks, loops over constants, conditions. What declares is abstract."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.bindings import FUNCTIONS, is_main, is_type_checking
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.findings import Findings
from flowstone.frontend.modules import Module
from flowstone.frontend.touches import Touches
from flowstone.frontend.tree import walk
from flowstone.frontend.values import Reference, Refusal, Scope, Unknown

MAX_TURNS = 20_000
"""Most turns of loops and calls of factories that are followed in a project."""
Signal = Literal["next", "break", "continue", "return"]


@dataclass(frozen=True)
class Frame:
    """Where a block of statements runs."""

    module: Module
    """Module that holds the statements."""
    runs_in: Module
    """Module whose import runs them."""
    values: dict[str, Any] = field(default_factory=dict)
    """Names bound so far by the loop or the function; grows while the block is followed."""
    top: bool = True
    """The block stands at module level and in no loop: names are looked up by the table of the module."""
    loop_names: frozenset[str] = frozenset()
    """Names that change from turn to turn of a loop around the block."""
    depth: int = 0

    @property
    def scope(self) -> Scope:
        return Scope(self.module, dict(self.values))


class ExhaustedError(Exception):
    """There is too much to follow. It ends the reading of a module, and becomes a diagnostic."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Follower(ABC):
    """Follows blocks of statements. What a statement declares is noted by the methods of the subclass."""

    def __init__(self, evaluator: Evaluator, touches: Touches, findings: Findings) -> None:
        self._evaluator = evaluator
        self._findings = findings
        self.touches = touches
        self.seen: set[int] = set()
        """Ids of the nodes that name a declaring word and were followed, or refused with a finding."""
        self.executed: set[int] = set()
        """Ids of the statements that were followed."""
        self._turns = 0
        self._statements: dict[type[ast.stmt], Callable[[Any, Frame], Signal]] = {
            ast.Break: lambda _, __: "break",
            ast.Continue: lambda _, __: "continue",
            ast.For: self._for,
            ast.If: self._if,
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.Return: self._return,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.With: self._with,
        }

    @property
    def effort(self) -> float:
        """The part of the turns for a whole project that was taken so far, from 0 to 1."""
        return self._turns / MAX_TURNS

    @abstractmethod
    def _expression(self, node: ast.expr, frame: Frame) -> None:
        """Follow the calls of an expression."""

    def _block(self, statements: Iterable[ast.stmt], frame: Frame) -> Signal:
        for statement in statements:
            self.executed.add(id(statement))
            method = self._statements.get(type(statement))
            if method is not None:
                signal = method(statement, frame)
                if signal != "next":
                    return signal
            else:
                self._check_unfollowed(statement, frame)
                self._forget(statement, frame)
        return "next"

    def _check_unfollowed(self, statement: ast.stmt, frame: Frame) -> None:
        """A statement in a factory that this reader does not follow must not declare anything."""
        if not frame.top and (self.touches.node(statement, frame.module, frame.values) or _leaves(statement)):
            span = frame.module.span(statement)
            first_line = Span(span.file, span.line, span.column, span.line, span.column + 1)
            message = (
                f"what this '{type(statement).__name__.lower()}' statement does to the declarations cannot be seen"
            )
            advice = "use a 'for' loop over constants, or an 'if' with a constant condition"
            self._note(Refusal("FS003", message, first_line, help=advice), statement)

    def _note(self, refusal: Refusal, *nodes: ast.AST) -> None:
        """Note a refusal; what stands below the nodes is thereby dealt with."""
        refusal.note(self._findings)
        for node in nodes:
            self.seen.update(map(id, walk(node)))

    def _forget(self, statement: ast.stmt, frame: Frame) -> None:
        """The names that a statement binds are not known from here on."""
        if not frame.top:
            for node in walk(statement):
                if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    frame.values[node.id] = Unknown(frame.module.span(node))

    def _count(self, span: Span) -> None:
        """Count a turn of a loop or a call of a factory. Errors: ExhaustedError if there are too many."""
        self._turns += 1
        if self._turns > MAX_TURNS:
            message = f"the project's loops and factories take more than {MAX_TURNS} turns"
            raise ExhaustedError(Refusal("FS009", message, span, help="declare fewer assets by loops"))

    def _for(self, node: ast.For, frame: Frame) -> Signal:
        if not self.touches.node(node, frame.module, frame.values) and not (not frame.top and _leaves(node)):
            self._forget(node, frame)
            return "next"
        changing = {item.id for item in walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)}
        try:
            items = self._evaluator.items(node.iter, frame.scope)
            for item in items:
                self._count(frame.module.span(node.iter))
                bound = self._evaluator.unpack(node.target, item, frame.scope)
                frame.values.update(bound)
                inner = replace(frame, top=False, loop_names=frame.loop_names | changing)
                signal = self._block(node.body, inner)
                if signal == "break":
                    return "next"
                if signal == "return":
                    return signal
        except Refusal as refusal:
            self._note(refusal, node)
            return "next"
        finally:
            if frame.top:  # behind the loop its names are those of the module again, bound more than once
                frame.values.clear()
        return self._block(node.orelse, frame)

    def _if(self, node: ast.If, frame: Frame) -> Signal:
        if is_type_checking(node.test) or is_main(node.test):
            self._pass_over(node.body)
            return self._block(node.orelse, frame)
        if frame.top and not self.touches.node(node, frame.module, frame.values):
            return "next"
        try:
            outcome = bool(self._evaluator.constant(node.test, frame.scope, "the condition"))
        except Refusal as refusal:
            if self.touches.node(node, frame.module, frame.values) or (not frame.top and _leaves(node)):
                self._note(refusal, node)
            self._forget(node, frame)
            return "next"
        self._pass_over(node.orelse if outcome else node.body)
        return self._block(node.body if outcome else node.orelse, frame)

    def _pass_over(self, statements: Iterable[ast.stmt]) -> None:
        """What stands in a branch that never runs declares nothing."""
        for statement in statements:
            self.seen.update(map(id, walk(statement)))

    def _try(self, node: ast.Try, frame: Frame) -> Signal:
        signal = self._block(node.body, frame)
        for handler in node.handlers:
            for statement in handler.body:
                if self.touches.node(statement, frame.module, frame.values):
                    message = "whether an 'except' block runs cannot be seen, and it declares something"
                    advice = "declare it outside of the 'try' statement"
                    self._note(Refusal("FS003", message, frame.module.span(statement), help=advice), statement)
                self._forget(statement, frame)
        for block in (node.orelse, node.finalbody):
            if signal == "next":
                signal = self._block(block, frame)
        return signal

    def _with(self, node: ast.With, frame: Frame) -> Signal:
        return self._block(node.body, frame)

    def _return(self, node: ast.Return, frame: Frame) -> Signal:
        if node.value is not None:
            self._expression(node.value, frame)
        return "return"

    def _import(self, node: ast.Import | ast.ImportFrom, frame: Frame) -> Signal:
        if not frame.top:
            for name, target in self.touches.imported(node, frame.module):
                span = frame.module.span(node)
                frame.values[name] = Reference(target) if target is not None else Unknown(span)
        return "next"


def _leaves(node: ast.stmt) -> bool:
    """Whether a statement may end the function or the loop around it."""
    loop = isinstance(node, ast.For | ast.While | ast.AsyncFor)
    ends = (ast.Return,) if loop else (ast.Return, ast.Break, ast.Continue)
    pending: list[ast.AST] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, ends):
            return True
        if item is node or not isinstance(item, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(item))
    return False
