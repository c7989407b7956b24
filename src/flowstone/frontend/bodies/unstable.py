"""Values of the clock and of chance that certainly get into what a function returns.

A value is followed forwards, through expressions, assignments and calls that keep it. It is lost, and nothing is told,
where it only decides something, is a length of time, or is logged. A date is followed into every call, since it mostly
says what to fetch. What is short-lived, as are seconds and random values, is not: it may sign a request, or choose one
of several equal servers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.bodies.module_names import ModuleNames, seeds
from flowstone.frontend.bodies.origins import Origins
from flowstone.frontend.bodies.outside import reach
from flowstone.frontend.tree import walk

Kind = Literal["clock", "random"]
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_DATES = ("datetime.", "pandas.", "pendulum.", "arrow.", "airflow.", "django.")
_OF_THE_SYSTEM = ("uuid.", "secrets.", "os.", "random.SystemRandom")
"""What no seed changes."""
_NEED_STATE = frozenset({"sklearn.model_selection.train_test_split", "sklearn.utils.shuffle", "sklearn.utils.resample"})
"""Functions that are random without ``random_state``."""
_KEEPING = frozenset(
    {"abs", "bool", "bytes", "dict", "enumerate", "float", "format", "frozenset", "int", "iter", "list", "map", "max"}
    | {"min", "next", "pow", "repr", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip"}
    | {"alias", "assign", "astype", "cast", "concat", "dumps", "fromisoformat", "full", "insert_column", "join", "lit"}
    | {"apply", "applymap", "array", "map_elements", "map_rows", "select", "timedelta", "with_columns"}
)
"""Calls whose result has in it what they are given; those of classes have too."""
_ADDING = frozenset({"add", "append", "appendleft", "extend", "insert", "insert_column", "setdefault", "update"})
_TELLING = frozenset(
    {"add_metadata", "critical", "debug", "error", "exception", "gauge", "info", "log", "observe", "print", "record"}
    | {"sleep", "timing", "warn", "warning"}
)
"""Calls that only tell of what they are given, or wait."""
_THROUGH = (
    *(ast.Attribute, ast.Await, ast.BinOp, ast.BoolOp, ast.Compare, ast.Dict, ast.FormattedValue, ast.JoinedStr),
    *(ast.Lambda, ast.List, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Set, ast.Slice),
    *(ast.Starred, ast.Subscript, ast.Tuple, ast.UnaryOp, ast.comprehension, ast.keyword),
)


class Source(Struct, frozen=True):
    """A call whose result is another one each time."""

    kind: Kind
    dotted: str
    """What is called, in the end."""
    call: ast.Call
    inside: ast.Call | None = None
    """Where that is called, if ``call`` is one of a function of the module that returns it."""


class Unstable:
    """What the functions of a module return that is unstable."""

    def __init__(self, module: ModuleNames) -> None:
        self._module = module
        self._helpers: dict[str, Source | None] = {}

    def values(self, function: _Function) -> Iterator[Source]:
        """Each source whose result gets into the function's value."""
        names = self._module.origins.inside(function)
        nodes = [node for statement in function.body for node in walk(statement)]
        calls = [node for node in nodes if isinstance(node, ast.Call)]
        found = [source for call in calls if (source := self._source(call, names)) is not None]
        seeded = self._module.is_seeded or any(map(seeds, calls)) if found else False
        trace = None
        for source in found:
            dotted = source.dotted
            if source.kind == "random" and seeded and not dotted.startswith(_OF_THE_SYSTEM):
                continue
            trace = trace or _Trace(function, nodes, {id(item.call) for item in found if item.kind == "clock"}, names)
            if trace.is_returned(source.call, short_lived=dotted not in _NEED_STATE and not dotted.startswith(_DATES)):
                yield source

    def _source(self, call: ast.Call, names: Origins) -> Source | None:
        dotted = names.of(call.func)
        if dotted:
            kind = _kind(dotted, call)
            return None if kind is None else Source(kind, dotted, call)
        helper = call.func.id if isinstance(call.func, ast.Name) else ""
        if helper not in self._module.helpers or names.bound[helper] != 1:
            return None
        source = self._returned(helper)
        return None if source is None else Source(source.kind, source.dotted, call, source.inside or source.call)

    def _returned(self, helper: str) -> Source | None:
        if helper not in self._helpers:
            self._helpers[helper] = None  # ends a circle
            self._helpers[helper] = next(self.values(self._module.helpers[helper]), None)
        return self._helpers[helper]


def _kind(dotted: str, call: ast.Call) -> Kind | None:
    if dotted in _NEED_STATE:
        given = {keyword.arg for keyword in call.keywords}
        return None if given & {"random_state", "shuffle", None} else "random"
    kind = reach(dotted, call)
    return kind if kind == "clock" or kind == "random" else None


class _Trace:
    """Follows values through one function."""

    def __init__(self, function: _Function, nodes: list[ast.AST], clocks: set[int], names: Origins) -> None:
        self._function = function
        self._nodes = nodes
        self._clocks = clocks
        self._names = names
        self._parents = {id(child): node for node in nodes for child in ast.iter_child_nodes(node)}
        self._pending: list[tuple[ast.AST, bool]] = []
        self._followed: set[tuple[str, int]] = set()

    def is_returned(self, call: ast.Call, *, short_lived: bool) -> bool:
        """Whether the result of a call gets into what the function returns."""
        self._followed.clear()
        self._pending = [(call, short_lived)]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "shuffle" and call.args:
            self._follow_names([call.args[0]], call, short_lived)
        while self._pending:
            if self._climb(*self._pending.pop()):
                return True
        return False

    def _climb(self, node: ast.AST, short_lived: bool) -> bool:
        """Follow a value to the statement that it is used in. True if that returns it."""
        while (parent := self._parents.get(id(node))) is not None:
            if isinstance(parent, ast.Return):
                return self._returned_by(parent, short_lived)
            if isinstance(parent, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
                self._follow_names(_targets(parent), parent, short_lived)
                if not isinstance(parent, ast.NamedExpr):
                    return False
            elif isinstance(parent, ast.For | ast.AsyncFor) and node is parent.iter:
                self._follow_names([parent.target], parent.iter, short_lived)
                return False
            elif isinstance(parent, ast.withitem) and not short_lived:
                self._follow_names([parent.optional_vars], parent.context_expr, short_lived)
                return False
            elif isinstance(parent, ast.Call):
                if not self._passes(node, parent, short_lived):
                    return False
                short_lived = short_lived or (node is parent.func and getattr(node, "attr", "") == "timestamp")
            elif isinstance(parent, ast.IfExp):
                if node is parent.test:
                    return False
            elif not isinstance(parent, _THROUGH) or self._is_length(node, parent):
                return False
            node = parent
        return False

    def _passes(self, node: ast.AST, call: ast.Call, short_lived: bool) -> bool:
        """Whether the result of a call has in it what the call is given, or is called on."""
        if node is call.func:
            return True
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if name in _TELLING:
            return False
        if name in _ADDING and isinstance(owner, ast.Name) and self._names.bound[owner.id]:
            self._follow_names([owner], call, short_lived)
            return False
        return not short_lived or name in _KEEPING or name[:1].isupper()

    def _is_length(self, node: ast.AST, parent: ast.AST) -> bool:
        """Whether this is the time between two looks at the clock."""
        if not isinstance(parent, ast.BinOp) or not isinstance(parent.op, ast.Sub):
            return False
        other = parent.right if node is parent.left else parent.left
        return self._looks_at_clock(other) or any(
            isinstance(name, ast.Name) and name.id == target.id
            for name in walk(other)
            for item in self._nodes
            if isinstance(item, ast.Assign) and self._looks_at_clock(item.value)
            for target in item.targets
            if isinstance(target, ast.Name)
        )

    def _looks_at_clock(self, node: ast.AST) -> bool:
        return any(id(item) in self._clocks for item in walk(node))

    def _returned_by(self, statement: ast.Return, short_lived: bool) -> bool:
        """Whether the function itself returns it; an inner function gives it to those who call it."""
        node: ast.AST | None = statement
        while (node := self._parents.get(id(node))) is not None:
            if isinstance(node, FUNCTIONS):
                self._follow(node.name, 0, short_lived)
                return False
        return True

    def _follow_names(self, targets: Iterable[ast.expr | None], at: ast.AST, short_lived: bool) -> None:
        for target in targets:
            if isinstance(target, ast.Tuple | ast.List):
                self._follow_names(target.elts, at, short_lived)
                continue
            if isinstance(target, ast.Starred | ast.Subscript | ast.Attribute):
                target = target.value
            if isinstance(target, ast.Name):
                self._follow(target.id, getattr(at, "end_lineno", 0), short_lived)

    def _follow(self, name: str, line: int, short_lived: bool) -> None:
        """Follow the uses of a name behind a line, up to where it gets another value."""
        if (name, line) in self._followed:
            return
        self._followed.add((name, line))
        stores = (node.lineno for node in self._nodes if isinstance(node, ast.Assign) and _replaces(node, name))
        end = min((store for store in stores if store > line), default=None)
        uses = [node for node in self._nodes if isinstance(node, ast.Name) and node.id == name]
        for node in uses:
            if isinstance(node.ctx, ast.Load) and node.lineno > line and (end is None or node.lineno <= end):
                self._pending.append((node, short_lived))


def _targets(node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _replaces(node: ast.Assign, name: str) -> bool:
    """Whether an assignment gives a name a value that is not made of the one before."""
    binds = any(isinstance(item, ast.Name) and item.id == name for item in node.targets)
    return binds and not any(isinstance(item, ast.Name) and item.id == name for item in walk(node.value))
