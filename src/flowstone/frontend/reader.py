"""Finds the declarations of a module by following its module-level statements as Python would run them.

Loops over constants and calls of factories are unrolled. A statement that declares nothing is passed over.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from flowstone.frontend.constants import Evaluator
from flowstone.frontend.construct import DECLARING
from flowstone.frontend.declarations import Declared, DeclaredJob, Function, Kind
from flowstone.frontend.findings import Findings
from flowstone.frontend.functions import yields
from flowstone.frontend.late_binding import check_late_binding
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Defined, External, Names, Public, Target
from flowstone.frontend.statements import ExhaustedError, Follower, Frame, Signal
from flowstone.frontend.touches import Touches, walk_calls
from flowstone.frontend.values import FunctionValue, Reference, Refusal, Unknown

MAX_DECLARATIONS = 50_000
"""Most declarations of a project."""
_MAX_CALLS = 30
"""Deepest nesting of factories that call factories."""
_KINDS: dict[str, Kind] = {"asset": "asset", "resource": "resource", "check": "check"}


class Reader(Follower):
    """Collects the declarations of modules."""

    def __init__(self, names: Names, evaluator: Evaluator, findings: Findings) -> None:
        super().__init__(evaluator, Touches(names), findings)
        self._names = names
        self.declared: list[Declared] = []
        self.jobs: list[DeclaredJob] = []
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
            raise ExhaustedError(Refusal("FS009", message, frame.module.name_span(node), help="split the project"))
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
                self._count(frame.module.span(node))
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
        values = {**function.scope.values, **bound}
        self._count(frame.module.span(node))
        inner = Frame(module, frame.runs_in, values, top=False, depth=frame.depth + 1)
        self._block(function.node.body, inner)
