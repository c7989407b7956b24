"""Which dimensions the body of a declared function needs of its partition: ``ctx.partition.dimensions["day"]``.

Only what surely fails where there is no such dimension is told: not what is asked for first, or tried.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Iterator

from flowstone.frontend.bodies.contexts import contexts
from flowstone.frontend.tree import walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_WORD = "dimensions"
_STEPS = ("partition", _WORD)
"""The way from the context to the keys."""
_CATCHING = frozenset({"KeyError", "LookupError", "Exception", "BaseException"})


def may_ask(source: str) -> bool:
    """Whether any function of a module can ask for a dimension, by the words in its text. Most cannot."""
    return _WORD in source


def needed_dimensions(function: _Function) -> list[ast.Constant]:
    """The names of dimensions that it asks for where they are written out, by place."""
    nodes = [node for statement in function.body for node in walk(statement)]
    if not any(_is_word(node) for node in nodes):
        return []
    ways = _Ways(function, nodes)
    needed = [node for node in nodes if isinstance(node, ast.Subscript) and ways.is_whole(node.value)]
    keys = [node.slice for node in needed if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)]
    if not keys or any(map(ways.is_whole, _conditions(nodes))):
        return []
    spared = {*_asked_first(nodes, ways)}
    tried = {id(node) for root in _tried(nodes) for node in walk(root)}
    surely = [key for key in keys if key.value not in spared and id(key) not in tried]
    return sorted(surely, key=lambda node: (node.lineno, node.col_offset))


class _Ways:
    """What leads from the context to the dimensions of its partition, by names that a function binds once, too."""

    def __init__(self, function: _Function, nodes: list[ast.AST]) -> None:
        given = {node.arg for node in walk(function.args) if isinstance(node, ast.arg)}
        bound = Counter(name for node in nodes for name in _bound_by(node))
        self._names = {name: 0 for name in contexts(function) if name not in bound}
        """How far along the way each name is."""
        assigned = [node for node in nodes if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr)]
        for node in sorted(assigned, key=lambda node: (node.lineno, node.col_offset)):
            target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
            target = target if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and bound[target.id] == 1 and target.id not in given:
                length = None if node.value is None else self._length(node.value)
                if length is not None:
                    self._names[target.id] = length

    def is_whole(self, node: ast.AST) -> bool:
        """Whether an expression is ``ctx.partition.dimensions``."""
        return self._length(node) == len(_STEPS)

    def _length(self, node: ast.AST) -> int | None:
        """How far along the way an expression is; None if it leads elsewhere."""
        passed: list[str] = []
        while isinstance(node, ast.Attribute):
            passed.append(node.attr)
            node = node.value
        start = self._names.get(node.id) if isinstance(node, ast.Name) else None
        if start is None or tuple(reversed(passed)) != _STEPS[start : start + len(passed)]:
            return None
        return start + len(passed)


def _is_word(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == _WORD


def _bound_by(node: ast.AST) -> Iterator[str]:
    """Names that a node binds, in whatever way and scope."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.alias):
        yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, ast.Global | ast.Nonlocal):
        yield from node.names
    elif isinstance(node, ast.MatchMapping):
        yield from [node.rest] if node.rest else []
    elif isinstance(node, (_Function, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name


def _conditions(nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    """What is looked at for its truth: ``if ctx.partition.dimensions`` asks whether there are any."""
    for node in nodes:
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            yield node.test
        elif isinstance(node, ast.BoolOp):
            yield from node.values
        elif isinstance(node, ast.UnaryOp):
            yield node.operand
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("bool", "len"):
            yield from node.args
        elif isinstance(node, ast.Match):
            yield node.subject
        elif isinstance(node, ast.comprehension):
            yield from node.ifs


def _asked_first(nodes: Iterable[ast.AST], ways: _Ways) -> Iterator[str]:
    """Dimensions of which a function asks whether there are such: ``"day" in ctx.partition.dimensions``, ``.get()``."""
    for node in nodes:
        first: ast.expr | None = None
        if isinstance(node, ast.Compare) and any(map(ways.is_whole, node.comparators)):
            first = node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ways.is_whole(node.func.value):
            first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def _tried(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Statements out of which a KeyError may be kept back."""
    for node in nodes:
        if isinstance(node, ast.Try | ast.TryStar):
            if any(_may_catch(handler.type) for handler in node.handlers):
                yield from node.body
        elif isinstance(node, ast.With | ast.AsyncWith) and any(_may_suppress(item) for item in node.items):
            yield from node.body


def _may_catch(type: ast.expr | None) -> bool:
    """Whether a handler may be for KeyErrors; of a name that is not a builtin one that is not known."""
    if isinstance(type, ast.Tuple):
        return any(map(_may_catch, type.elts))
    if isinstance(type, ast.Name):
        return type.id in _CATCHING or not hasattr(builtins, type.id)
    return not isinstance(type, ast.Attribute)


def _may_suppress(item: ast.withitem) -> bool:
    called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
    word = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return word in ("suppress", "raises")
