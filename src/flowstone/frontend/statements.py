"""Follows statements as Python would run them: blocks, loops over constants, conditions. What declares is abstract."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.attempts import cannot_fail
from flowstone.frontend.bindings import FUNCTIONS, Place, is_main, is_type_checking
from flowstone.frontend.changes import holds_mutable
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.findings import Findings
from flowstone.frontend.modules import Module
from flowstone.frontend.names import External
from flowstone.frontend.operators import truth
from flowstone.frontend.touches import Touches
from flowstone.frontend.tree import walk
from flowstone.frontend.values import Reference, Refusal, Scope, Unknown

MAX_TURNS = 20_000
"""Most turns of loops and calls of factories that are followed in a project."""
_COMPOUND = (ast.While, ast.Match, ast.AsyncFor, ast.AsyncWith)
"""Statements with blocks that are not followed at module level either."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MAX_STATEMENTS = 200_000
"""Most statements in loops and factories that are followed in a project."""
Signal = Literal["next", "break", "continue", "return"]


class Frame(Struct, frozen=True):
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
    changed: frozenset[str] = frozenset()
    """Names whose values are changed in place somewhere in the block or by what it calls."""
    rebound: frozenset[str] = frozenset()
    """Names that inner functions bind."""

    @property
    def scope(self) -> Scope:
        """The names as they are now."""
        return Scope(self.module, dict(self.values))

    @property
    def live(self) -> Scope:
        """The names as they are when they are read: what functions defined here see."""
        return Scope(self.module, self.values)

    def bind(self, values: Mapping[str, Any], node: ast.stmt | ast.expr) -> None:
        """Bind names; those whose values are changed later are not known."""
        span = self.module.span(node)
        for name, value in values.items():
            changed = name in self.rebound or (name in self.changed and holds_mutable(value))
            self.values[name] = Unknown(span, changed=True) if changed else value


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
        self.hidden: dict[str, set[str]] = {}
        """Names that were given to ``hide``, by the path of the module that was read."""
        self.executed: set[int] = set()
        """Ids of the statements that were followed."""
        self._turns = 0
        self._followed = 0
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
        return max(self._turns / MAX_TURNS, self._followed / MAX_STATEMENTS)

    @abstractmethod
    def _expression(self, node: ast.expr, frame: Frame) -> None:
        """Follow the calls of an expression."""

    def _block(self, statements: Iterable[ast.stmt], frame: Frame) -> Signal:
        for statement in statements:
            self.executed.add(id(statement))
            if not frame.top:
                self._count_statement(statement, frame)
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
        odd = isinstance(statement, _COMPOUND) if frame.top else True
        if odd and (self.touches.node(statement, frame.module, frame.values) or (not frame.top and _leaves(statement))):
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
            below = walk(node)
            self.seen.update(map(id, below))
            self.hide(item.name for item in below if isinstance(item, _FUNCTIONS) and item.decorator_list)

    def hide(self, names: Iterable[str]) -> None:
        """Note names that may be those of declarations which a finding leaves out: that they are missing is none."""
        self.hidden.setdefault(self._findings.owner, set()).update(names)

    def _forget(self, statement: ast.AST, frame: Frame) -> None:
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

    def _count_statement(self, statement: ast.stmt, frame: Frame) -> None:
        self._followed += 1
        if self._followed > MAX_STATEMENTS:
            message = f"the project's loops and factories take more than {MAX_STATEMENTS} statements"
            span = frame.module.span(statement)
            raise ExhaustedError(Refusal("FS009", message, span, help="declare fewer assets by loops"))

    def _for(self, node: ast.For, frame: Frame) -> Signal:
        if not self.touches.node(node, frame.module, frame.values) and not (not frame.top and _leaves(node)):
            self._forget(node, frame)
            return "next"
        changing = {item.id for item in walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)}
        changed = self._evaluator.changes.global_names(frame.module) if frame.top else frame.changed
        inner = replace(frame, top=False, loop_names=frame.loop_names | changing, changed=changed)
        if frame.top:
            inner.bind(self._before(changing, node, frame), node)
        try:
            items = self._evaluator.items(node.iter, frame.scope)
            for item in items:
                self._count(frame.module.span(node.iter))
                inner.bind(self._evaluator.unpack(node.target, item, frame.scope), node.target)
                signal = self._block(node.body, inner)
                if signal == "break":
                    self._pass_over(node.orelse)
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

    def _before(self, names: Iterable[str], loop: ast.For, frame: Frame) -> dict[str, Any]:
        """The values that names have which a loop binds again: a counter, the item of the turn before."""
        found: dict[str, Any] = {}
        for name in names:
            bindings = self.touches.names.table(frame.module).bindings.get(name, ())
            first = [item for item in bindings if item.node.lineno < loop.lineno]
            if len(first) == 1 and first[0].value is not None and first[0].place == Place():
                with suppress(Refusal):
                    found[name] = self._evaluator.evaluate(first[0].value, frame.scope)
        return found

    def _if(self, node: ast.If, frame: Frame) -> Signal:
        if is_type_checking(node.test) or is_main(node.test):
            self._pass_over(node.body)
            return self._block(node.orelse, frame)
        if frame.top and not self.touches.node(node, frame.module, frame.values):
            return "next"
        try:
            scope = frame.scope
            outcome = truth(self._evaluator.constant(node.test, scope, "the condition"))
            frame.bind(scope.assigned, node.test)
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
        refused: set[int] = set()
        if node.handlers:
            refused = self._uncertain([*node.body, *node.orelse], "what stands before it in the 'try' statement", frame)
        signal = self._block([item for item in node.body if id(item) not in refused], frame)
        for handler in node.handlers:
            for statement in handler.body:
                if self.touches.node(statement, frame.module, frame.values):
                    message = "whether an 'except' block runs cannot be seen, and it declares something"
                    advice = "declare it outside of the 'try' statement"
                    self._note(Refusal("FS003", message, frame.module.span(statement), help=advice), statement)
                self._forget(statement, frame)
        for block in (node.orelse, node.finalbody):
            if signal == "next":
                signal = self._block([item for item in block if id(item) not in refused], frame)
        return signal

    def _uncertain(self, statements: Iterable[ast.stmt], why: str, frame: Frame) -> set[int]:
        """Ids of the statements that declare something behind one that may fail, where the failure is caught."""
        refused: list[ast.stmt] = []
        certain = True
        for statement in statements:
            if not certain and self.touches.node(statement, frame.module, frame.values):
                refused.append(statement)
            certain = certain and self._cannot_fail(statement, frame)
        if refused:
            span = frame.module.span(refused[0])
            place = Span(span.file, span.line, span.column, span.line, span.column + 1)
            message = f"whether this is declared cannot be seen: {why} may fail"
            advice = "declare it outside of the statement, and let the function itself deal with what is missing"
            self._note(Refusal("FS003", message, place, help=advice), *refused)
        return set(map(id, refused))

    def _cannot_fail(self, statement: ast.stmt, frame: Frame) -> bool:
        if self.touches.node(statement, frame.module, frame.values):
            return True  # what fails in a declaration has a finding of its own
        return cannot_fail(
            statement,
            frame.module,
            self.touches.names,
            lambda node, _: self._evaluator.evaluate(node, frame.scope),
        )

    def _with(self, node: ast.With, frame: Frame) -> Signal:
        if not frame.top:
            for item in node.items:
                self._forget(item, frame)
        if any(self._suppresses(item.context_expr, frame) for item in node.items):
            refused = self._uncertain(node.body, "what stands before it in the 'with' statement", frame)
            return self._block([item for item in node.body if id(item) not in refused], frame)
        return self._block(node.body, frame)

    def _suppresses(self, node: ast.expr, frame: Frame) -> bool:
        target = self.touches.names.resolve(frame.module, node.func) if isinstance(node, ast.Call) else None
        return isinstance(target, External) and target.dotted == "contextlib.suppress"

    def _return(self, node: ast.Return, frame: Frame) -> Signal:
        if node.value is not None:
            self._expression(node.value, frame)
        return "return"

    def _import(self, node: ast.Import | ast.ImportFrom, frame: Frame) -> Signal:
        if not frame.top:
            for name, origin, target in self.touches.imported(node, frame.module):
                frame.values[name] = Reference(target) if target is not None else self._imported(origin, node, frame)
        return "next"

    def _imported(self, origin: str, node: ast.Import | ast.ImportFrom, frame: Frame) -> Any:
        """The value of what an import in a function binds."""
        try:
            return self._evaluator.imported(origin, node, frame.scope)
        except Refusal:
            return Unknown(frame.module.span(node))


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
