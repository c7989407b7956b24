"""Finds the declarations of a module by following its module-level statements as Python would run them.

Loops over constants and calls of factories are unrolled. A statement that declares nothing is passed over.
"""

from __future__ import annotations

import ast
from typing import Any, cast

from msgspec.structs import replace

from flowstone.dsl.signals import HANDLERS
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.construct import DECLARING
from flowstone.frontend.declarations import KINDS, Declared, DeclaredJob, Function, Word
from flowstone.frontend.findings import Findings
from flowstone.frontend.functions import yields
from flowstone.frontend.handlers import Handlers
from flowstone.frontend.late_binding import check_late_binding
from flowstone.frontend.modules import Module
from flowstone.frontend.names import (
    Builtin,
    Defined,
    External,
    Missing,
    Names,
    Public,
    Target,
    unknown_public_name,
)
from flowstone.frontend.operators import truth
from flowstone.frontend.statements import ExhaustedError, Follower, Frame, Signal
from flowstone.frontend.touches import Touches, walk_calls
from flowstone.frontend.tree import walk
from flowstone.frontend.values import FunctionValue, Reference, Refusal, Scope, Unknown
from flowstone.frontend.wrappers import Wrappers

MAX_DECLARATIONS = 50_000
"""Most declarations of a project."""
_MAX_CALLS = 30
"""Deepest nesting of factories that call factories."""
_WHOLE = (
    *(ast.Attribute, ast.BinOp, ast.FormattedValue, ast.JoinedStr, ast.NamedExpr),
    *(ast.Starred, ast.Subscript, ast.UnaryOp),
)
"""Expressions of which all parts are evaluated."""
_READERS = frozenset({"dict", "frozenset", "list", "set", "sorted", "tuple"})
"""Builtins that take all items of an iterator."""
_NEEDS = {
    "check": ("which asset it checks", '@check(asset="name_of_the_asset")'),
    "join": ("which branches it takes", '@join(branches={"parameter": "name_of_an_asset"})'),
    "route": ("what it chooses from", '@route(choices=["name_of_an_asset", "another"])'),
    "sensor": ("which job it starts", '@sensor(job="name_of_the_job", every="30s")'),
}
"""What decorators have to be told, and an example."""


class Reader(Follower):
    """Collects the declarations of modules."""

    def __init__(self, names: Names, evaluator: Evaluator, findings: Findings) -> None:
        super().__init__(evaluator, Touches(names), findings)
        self._names = names
        self._wrappers = Wrappers(names)
        self.declared: list[Declared] = []
        self.jobs: list[DeclaredJob] = []
        self._handlers = Handlers(self.touches, findings)
        self.followed: dict[str, set[str]] = {}
        """Names of the modules whose factories were called, by the path of the module that was read."""
        self._statements |= {
            ast.AnnAssign: self._assign,
            ast.Assign: self._assign,
            ast.AugAssign: self._augmented,
            ast.AsyncFunctionDef: self._function,
            ast.Expr: self._expression_statement,
            ast.FunctionDef: self._function,
        }

    def read(self, module: Module) -> None:
        """Follow the statements of a module."""
        self._findings.owner = module.path
        try:
            self._block(module.tree.body, Frame(module, module))
        except ExhaustedError as error:
            self._note(error.refusal, module.tree)

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
            if isinstance(target, Public) and target.name in KINDS:
                self.seen.add(id(named))
                if declared:
                    message = f"'{node.name}' is declared twice by its decorators"
                    refusal = Refusal("FS005", message, frame.module.span(decorator), help="keep one of them")
                    self._note(refusal)
                    continue
                declared = True
                self._declare(cast("Word", target.name), node, decorator, position, frame)
            self._check_rebound(named, target, frame)
            if not declared and self._is_unbound(named, target, frame):
                self.check_known(named, frame.scope, node)
            if isinstance(target, External):
                if isinstance(named, ast.Attribute):
                    self.check_known(named, frame.scope, node)
                elif unknown_public_name(target) is not None:  # the import is a finding
                    self.hide([node.name])
            if isinstance(named, ast.Attribute) and named.attr in HANDLERS:
                self._handle(node, decorator, named, frame)
            elif isinstance(named, ast.Attribute):
                self._handlers.check_word(named, self._target(named.value, frame), frame.module)
        if not frame.top:
            frame.bind({node.name: FunctionValue(frame.live, node)}, node)
        return "next"

    def _handle(self, node: Function, decorator: ast.expr, named: ast.Attribute, frame: Frame) -> None:
        """A function under ``@NAME.on_signal`` or ``@NAME.on_timeout``."""
        handler = Declared(cast("Word", named.attr), node, None, frame.scope, frame.runs_in, _known(frame))
        if self._handlers.add(handler, self._target(named.value, frame), decorator):
            check_late_binding(node, frame.loop_names, frame.module, self._findings)

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

    def check_known(self, node: ast.expr, scope: Scope, function: Function | None = None) -> None:
        """Note a decorator, or what is called, that there is not: ``@flowstone.xyz``, ``@asset`` without an import."""
        try:
            self._evaluator.evaluate(node, scope)
        except Refusal as refusal:
            if refusal.code == "FS004":
                self._note(refusal)
                self.hide([] if function is None else [function.name])

    def _is_unbound(self, node: ast.expr, target: object, frame: Frame) -> bool:
        """Whether a decorator ``@fs.asset``, or the call of ``Job``, is one of a word that was not imported."""
        if isinstance(node, ast.Name):
            return isinstance(target, Missing) and node.id == "Job"
        if target is not None or not isinstance(node, ast.Attribute) or node.attr not in KINDS:
            return False
        return isinstance(node.value, ast.Name) and isinstance(self._target(node.value, frame), Missing)

    def _declare(self, word: Word, node: Function, decorator: ast.expr, position: int, frame: Frame) -> None:
        call = decorator if isinstance(decorator, ast.Call) else None
        if len(self.declared) >= MAX_DECLARATIONS:
            message = f"the project declares more than {MAX_DECLARATIONS} functions"
            raise ExhaustedError(Refusal("FS009", message, frame.module.name_span(node), help="split the project"))
        if word in _NEEDS and call is None:
            what, example = _NEEDS[word]
            span = frame.module.span(decorator)
            self._note(Refusal("FS005", f"@{word} needs to know {what}", span, help=f"write {example}"))
            return
        if not self._visible(node, position, frame):
            return
        self.declared.append(Declared(word, node, call, frame.scope, frame.runs_in, _known(frame)))
        self._handlers.declared(self.declared[-1])
        check_late_binding(node, frame.loop_names, frame.module, self._findings)

    def _visible(self, node: Function, position: int, frame: Frame) -> bool:
        """Whether a worker can find the function: a decorator between it and ours may hide it."""
        for decorator in node.decorator_list[position + 1 :]:
            if not frame.top or self._wrappers.hides(decorator, frame.module):
                message = f"this decorator may hide '{node.name}' from FlowStone"
                advice = "put it above the decorator of FlowStone, or let it give back a function by functools.wraps"
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
            scope = self._scope_for(node.value, frame)
            try:
                value = self._evaluator.evaluate(node.value, scope)
                frame.bind(scope.assigned, node)
                for target in targets:
                    frame.bind(self._evaluator.unpack(target, value, scope), target)
            except Refusal:
                self._forget(node, frame)
        return "next"

    def _augmented(self, node: ast.AugAssign, frame: Frame) -> Signal:
        self._expression(node.value, frame)
        name = node.target.id if isinstance(node.target, ast.Name) else ""
        if frame.top or name not in frame.values or isinstance(frame.values[name], list | dict | set | Unknown):
            self._forget(node, frame)
            return "next"
        read = ast.copy_location(ast.Name(name, ast.Load()), node.target)
        operation = ast.copy_location(ast.BinOp(read, node.op, node.value), node)
        try:
            frame.bind({name: self._evaluator.evaluate(operation, frame.scope)}, node)
        except Refusal:
            self._forget(node, frame)
        return "next"

    @staticmethod
    def _scope_for(node: ast.expr, frame: Frame) -> Scope:
        """Where a value is evaluated that is bound to a name: functions in it see names as they are later."""
        return frame.live if isinstance(node, ast.Lambda) else frame.scope

    def _expression_statement(self, node: ast.Expr, frame: Frame) -> Signal:
        self._expression(node.value, frame)
        self._forget(node, frame)
        return "next"

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
            case ast.IfExp() if self.touches.node(node, frame.module, frame.values):
                self._choice(node, frame)
            case (
                ast.Attribute() | ast.BinOp() | ast.FormattedValue() | ast.JoinedStr() | ast.NamedExpr() | ast.Starred()
            ):
                self._parts(node, frame)
            case ast.Subscript() | ast.UnaryOp():
                self._parts(node, frame)

    def _parts(self, node: ast.expr, frame: Frame) -> None:
        """The parts of an expression that evaluates all of them."""
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                self._expression(part, frame)

    def _choice(self, node: ast.IfExp, frame: Frame) -> None:
        self._expression(node.test, frame)
        try:
            outcome = truth(self._evaluator.constant(node.test, frame.scope, "the condition"))
        except Refusal as refusal:
            self._note(refusal, node)
            return
        self._expression(node.body if outcome else node.orelse, frame)
        other = node.orelse if outcome else node.body
        self.seen.update(map(id, walk(other)))

    def _comprehension(
        self, element: ast.expr, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, frame: Frame
    ) -> None:
        if not self.touches.node(element, frame.module, frame.values):
            return
        try:
            for scope in self._evaluator.turns(node.generators, frame.scope):
                self._count(frame.module.span(node))
                self._expression(element, replace(frame, values=dict(scope.values), top=False))
        except Refusal as refusal:
            self._note(refusal, node)

    def _call(self, node: ast.Call, frame: Frame) -> None:
        target = self._target(node.func, frame)
        if isinstance(target, Public):
            self._call_public(target.name, node, frame)
            return
        function = self._called(node.func, target, frame)
        if function is not None and self.touches.node(function.node, function.scope.module, function.scope.values):
            self._call_factory(function, node, frame)
            return
        if (isinstance(target, External) and isinstance(node.func, ast.Attribute)) or self._is_unbound(
            node.func, target, frame
        ):
            self.check_known(node.func, frame.scope)
        self._expression(node.func, frame)
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:  # these are always evaluated
            if isinstance(argument, ast.GeneratorExp) and isinstance(target, Builtin) and target.name in _READERS:
                self._comprehension(argument.elt, argument, frame)
            else:
                self._expression(argument, frame)

    def _called(self, node: ast.expr, target: Target | FunctionValue | None, frame: Frame) -> FunctionValue | None:
        """The function of the project that a call calls; one may be the value of a name, or of another call."""
        if isinstance(target, FunctionValue):
            return target
        function = self.touches.function(target)
        given = isinstance(target, Defined) and target.bindings[-1].kind == "assign"
        if function is None and (given or isinstance(node, ast.Call)):
            try:
                value = self._evaluator.evaluate(node, frame.scope)
            except Refusal:
                return None
            return value if isinstance(value, FunctionValue) else None
        return function

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
        self.followed.setdefault(frame.runs_in.path, set()).add(module.name)
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
        self._count(frame.module.span(node))
        changes = self._evaluator.changes
        inner = Frame(
            module,
            frame.runs_in,
            dict(function.scope.values),
            top=False,
            depth=frame.depth + 1,
            changed=changes.local(module, function.node),
            rebound=changes.rebound(module, function.node),
        )
        inner.bind(bound, function.node)
        self._block(function.node.body, inner)


def _known(frame: Frame) -> dict[str, Any]:
    """The values that a function in the frame sees."""
    return {name: value for name, value in frame.values.items() if not isinstance(value, Unknown)}
