"""Finds the declarations of a module by following its module-level statements as Python would run them.

Loops over constants and calls of factories are unrolled. A statement that declares nothing is passed over.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.bindings import is_type_checking
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.construct import DECLARING
from flowstone.frontend.declarations import Declared, DeclaredJob, Function, Kind
from flowstone.frontend.findings import Findings
from flowstone.frontend.functions import yields
from flowstone.frontend.late_binding import check_late_binding
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Defined, External, Names, Public, Target
from flowstone.frontend.touches import Touches, walk_calls
from flowstone.frontend.values import FunctionValue, Reference, Refusal, Scope, Unknown

Signal = Literal["next", "break", "continue", "return"]
MAX_DECLARATIONS = 50_000
"""Most declarations of a project."""
_MAX_CALLS = 30
"""Deepest nesting of factories that call factories."""
_KINDS: dict[str, Kind] = {"asset": "asset", "resource": "resource", "check": "check"}


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


class Reader:
    """Collects the declarations of modules."""

    def __init__(self, names: Names, evaluator: Evaluator, findings: Findings) -> None:
        self._names = names
        self._evaluator = evaluator
        self._findings = findings
        self.touches = Touches(names)
        self.declared: list[Declared] = []
        self.jobs: list[DeclaredJob] = []
        self.seen: set[int] = set()
        """Ids of the nodes that name a declaring word and were followed, or refused with a finding."""
        self.executed: set[int] = set()
        """Ids of the statements that were followed."""
        self._statements: dict[type[ast.stmt], Callable[[Any, Frame], Signal]] = {
            ast.AnnAssign: self._assign,
            ast.Assign: self._assign,
            ast.AugAssign: self._augmented,
            ast.AsyncFunctionDef: self._function,
            ast.Break: lambda _, __: "break",
            ast.Continue: lambda _, __: "continue",
            ast.Expr: self._expression_statement,
            ast.For: self._for,
            ast.FunctionDef: self._function,
            ast.If: self._if,
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.Return: self._return,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.With: self._with,
        }

    def read(self, module: Module) -> None:
        """Follow the statements of a module."""
        self._block(module.tree.body, Frame(module, module))

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
        if not frame.top and self.touches.node(statement, frame.module, frame.values):
            span = frame.module.span(statement)
            first_line = Span(span.file, span.line, span.column, span.line, span.column + 1)
            message = f"what this '{type(statement).__name__.lower()}' statement declares cannot be seen"
            advice = "use a 'for' loop over constants, or an 'if' with a constant condition"
            self._note(Refusal("FS003", message, first_line, help=advice), statement)

    def _note(self, refusal: Refusal, *nodes: ast.AST) -> None:
        """Note a refusal; what stands below the nodes is thereby dealt with."""
        refusal.note(self._findings)
        for node in nodes:
            self.seen.update(map(id, ast.walk(node)))

    def _forget(self, statement: ast.stmt, frame: Frame) -> None:
        """The names that a statement binds are not known from here on."""
        if not frame.top:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    frame.values[node.id] = Unknown(frame.module.span(node))

    # -- functions ------------------------------------------------------------------------------------------------

    def _target(self, node: ast.expr, frame: Frame) -> Target | FunctionValue | None:
        if isinstance(node, ast.Name) and node.id in frame.values:
            value = frame.values[node.id]
            if isinstance(value, Reference) and value.dotted.startswith("flowstone."):
                return Public(value.dotted.removeprefix("flowstone."))
            return value if isinstance(value, FunctionValue) else None
        return self._names.resolve(frame.module, node)

    def _function(self, node: Function, frame: Frame) -> Signal:
        declared = False
        for position, decorator in enumerate(node.decorator_list):
            named = decorator.func if isinstance(decorator, ast.Call) else decorator
            target = self._target(named, frame)
            if isinstance(target, Public) and target.name in _KINDS:
                self.seen.add(id(named))
                if declared:
                    message = f"'{node.name}' is declared twice by its decorators"
                    refusal = Refusal("FS005", message, frame.module.span(decorator), help="keep one of them")
                    self._note(refusal)
                    continue
                declared = True
                self._declare(_KINDS[target.name], node, decorator, position, frame)
            self._check_rebound(named, target, frame)
            if isinstance(target, External) and isinstance(named, ast.Attribute):
                self._check_public(named, frame)
        if not frame.top:
            frame.values[node.name] = FunctionValue(frame.scope, node)
        return "next"

    def _check_rebound(self, node: ast.expr, target: object, frame: Frame) -> None:
        found = self.touches.rebound(target)
        if found is not None:
            imported, other = found
            message = f"'{imported.name}' of FlowStone is bound again, so what it stands for cannot be seen"
            related = [(frame.module.span(other.node), "bound again here")] if isinstance(target, Defined) else []
            refusal = Refusal(
                "FS003", message, frame.module.span(node), help="give one of them another name", related=related
            )
            self._note(refusal, node)

    def _check_public(self, node: ast.Attribute, frame: Frame) -> None:
        """A decorator ``@flowstone.xyz`` that there is not."""
        try:
            self._evaluator.evaluate(node, frame.scope)
        except Refusal as refusal:
            if refusal.code in ("FS004", "FS007"):
                self._note(refusal)

    def _declare(self, kind: Kind, node: Function, decorator: ast.expr, position: int, frame: Frame) -> None:
        call = decorator if isinstance(decorator, ast.Call) else None
        if len(self.declared) >= MAX_DECLARATIONS:
            message = f"the project declares more than {MAX_DECLARATIONS} functions"
            raise Refusal("FS009", message, frame.module.name_span(node), help="split the project")
        if kind == "check" and call is None:
            message = "@check needs to know which asset it checks"
            span = frame.module.span(decorator)
            self._note(Refusal("FS005", message, span, help='write @check(asset="name_of_the_asset")'))
            return
        if not self._visible(node, position, frame):
            return
        known = {name: value for name, value in frame.values.items() if not isinstance(value, Unknown)}
        self.declared.append(Declared(kind, node, call, frame.scope, frame.runs_in, known))
        check_late_binding(node, frame.loop_names, frame.module, self._findings)

    def _visible(self, node: Function, position: int, frame: Frame) -> bool:
        """Whether a worker can find the function: a decorator between it and ours may hide it."""
        for decorator in node.decorator_list[position + 1 :]:
            hidden = not frame.top or self.touches.replaces(decorator, frame.module)
            if hidden:
                message = f"this decorator may hide '{node.name}' from FlowStone"
                advice = "put it above the decorator of FlowStone, or let it use functools.wraps"
                self._note(Refusal("FS003", message, frame.module.span(decorator), help=advice))
                return False
        return True

    # -- assignments and calls ------------------------------------------------------------------------------------

    def _assign(self, node: ast.Assign | ast.AnnAssign, frame: Frame) -> Signal:
        if node.value is None:
            return "next"
        self._expression(node.value, frame)
        if not frame.top:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            try:
                value = self._evaluator.evaluate(node.value, frame.scope)
                for target in targets:
                    frame.values.update(self._evaluator.unpack(target, value, frame.scope))
            except Refusal:
                self._forget(node, frame)
        return "next"

    def _augmented(self, node: ast.AugAssign, frame: Frame) -> Signal:
        self._expression(node.value, frame)
        self._forget(node, frame)
        return "next"

    def _expression_statement(self, node: ast.Expr, frame: Frame) -> Signal:
        self._expression(node.value, frame)
        if not frame.top:
            self._forget_changed(node, frame)
        return "next"

    def _forget_changed(self, node: ast.Expr, frame: Frame) -> None:
        """``names.append(x)`` changes a value that may be used later."""
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            owner = node.value.func.value
            if isinstance(owner, ast.Name) and isinstance(frame.values.get(owner.id), list | dict | set):
                frame.values[owner.id] = Unknown(frame.module.span(node))

    def _expression(self, node: ast.expr, frame: Frame) -> None:
        match node:
            case ast.Call():
                self._call(node, frame)
            case ast.List() | ast.Tuple() | ast.Set():
                for item in node.elts:
                    self._expression(item, frame)
            case ast.Dict():
                for item in node.values:
                    self._expression(item, frame)
            case ast.ListComp() | ast.SetComp():
                self._comprehension(node.elt, node, frame)
            case ast.DictComp():
                self._comprehension(node.value, node, frame)

    def _comprehension(self, element: ast.expr, node: ast.ListComp | ast.SetComp | ast.DictComp, frame: Frame) -> None:
        if not self.touches.node(element, frame.module, frame.values):
            return
        try:
            for scope in self._evaluator.turns(node.generators, frame.scope):
                self._expression(element, replace(frame, values=dict(scope.values), top=False))
        except Refusal as refusal:
            self._note(refusal, node)

    def _call(self, node: ast.Call, frame: Frame) -> None:
        target = self._target(node.func, frame)
        if isinstance(target, Public):
            self._call_public(target.name, node, frame)
            return
        function = target if isinstance(target, FunctionValue) else self.touches.function(target)
        if function is not None and self.touches.node(function.node, function.scope.module, function.scope.values):
            self._call_factory(function, node, frame)
            return
        if isinstance(target, External) and isinstance(node.func, ast.Attribute):
            self._check_public(node.func, frame)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:  # these are always evaluated
            self._expression(argument, frame)

    def _call_public(self, name: str, node: ast.Call, frame: Frame) -> None:
        if name == "Job":
            self.seen.add(id(node.func))
            self.jobs.append(DeclaredJob(node, frame.scope, frame.runs_in))
            return
        try:
            self._evaluator.evaluate(node, frame.scope)
        except Refusal as refusal:
            self._note(refusal, *([node] if name in DECLARING else []))

    def _call_factory(self, function: FunctionValue, node: ast.Call, frame: Frame) -> None:
        for call in walk_calls(node):
            self.seen.add(id(call.func))
        self.touches.called.add(id(function.node))
        module = function.scope.module
        try:
            if frame.depth >= _MAX_CALLS:
                message = f"factories call each other more than {_MAX_CALLS} deep at '{function.node.name}'"
                raise Refusal("FS009", message, frame.module.span(node), help="end the recursion")
            odd = isinstance(function.node, ast.AsyncFunctionDef) or function.node.decorator_list
            if odd or yields(function.node):
                message = f"the factory '{function.node.name}' is no plain function, so it cannot be followed"
                raise Refusal(
                    "FS003",
                    message,
                    frame.module.span(node),
                    help="make it a function without decorators, async and yield",
                )
            bound = self._evaluator.bind(function, node, frame.scope)
        except Refusal as refusal:
            self._note(refusal, function.node)
            return
        values = {**function.scope.values, **bound}
        inner = Frame(module, frame.runs_in, values, top=False, depth=frame.depth + 1)
        self._block(function.node.body, inner)

    # -- control flow ---------------------------------------------------------------------------------------------

    def _for(self, node: ast.For, frame: Frame) -> Signal:
        if not self.touches.node(node, frame.module, frame.values):
            self._forget(node, frame)
            return "next"
        changing = {
            item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)
        }
        try:
            items = self._evaluator.items(node.iter, frame.scope)
            for item in items:
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
        if is_type_checking(node.test) or _is_main(node.test):
            self._pass_over(node.body)
            return self._block(node.orelse, frame)
        if frame.top and not self.touches.node(node, frame.module, frame.values):
            return "next"
        try:
            outcome = bool(self._evaluator.constant(node.test, frame.scope, "the condition"))
        except Refusal as refusal:
            if self.touches.node(node, frame.module, frame.values):
                self._note(refusal, node)
            self._forget(node, frame)
            return "next"
        self._pass_over(node.orelse if outcome else node.body)
        return self._block(node.body if outcome else node.orelse, frame)

    def _pass_over(self, statements: Iterable[ast.stmt]) -> None:
        """What stands in a branch that never runs declares nothing."""
        for statement in statements:
            self.seen.update(map(id, ast.walk(statement)))

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


def _is_main(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and isinstance(test.ops[0], ast.Eq)
        and isinstance(test.comparators[0], ast.Constant)
        and test.comparators[0].value == "__main__"
    )
