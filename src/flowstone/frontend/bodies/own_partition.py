"""The way from the context of a declared function to the partition that it is called for, and where it is guarded."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterable, Iterator

from flowstone.frontend.bodies.contexts import contexts
from flowstone.frontend.tree import names_bound_by, walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_STEPS = ("partition", "dimensions")
"""The way from the context to the keys."""
_CATCHING = frozenset({"AttributeError", "KeyError", "LookupError", "ValueError", "Exception", "BaseException"})


class Ways:
    """What leads from the context to its partition and the keys of it, by names that a function binds once, too."""

    def __init__(self, function: _Function, nodes: list[ast.AST]) -> None:
        given = {node.arg for node in walk(function.args) if isinstance(node, ast.arg)}
        bound = Counter(name for node in nodes for name in names_bound_by(node))
        self._names = {name: 0 for name in contexts(function) if name not in bound}
        """How far along the way each name is."""
        assigned = [node for node in nodes if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr)]
        for node in sorted(assigned, key=lambda node: (node.lineno, node.col_offset)):
            target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
            target = target if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and bound[target.id] == 1 and target.id not in given:
                length = None if node.value is None else self.length(node.value)
                if length is not None:
                    self._names[target.id] = length

    def is_whole(self, node: ast.AST) -> bool:
        """Whether an expression is ``ctx.partition.dimensions``."""
        return self.length(node) == len(_STEPS)

    def is_partition(self, node: ast.AST) -> bool:
        """Whether an expression is ``ctx.partition``."""
        return self.length(node) == 1

    def length(self, node: ast.AST) -> int | None:
        """How far along the way an expression is; None if it leads elsewhere."""
        passed: list[str] = []
        while isinstance(node, ast.Attribute):
            passed.append(node.attr)
            node = node.value
        start = self._names.get(node.id) if isinstance(node, ast.Name) else None
        if start is None or tuple(reversed(passed)) != _STEPS[start : start + len(passed)]:
            return None
        return start + len(passed)


def tried(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Statements out of which what is not there may be kept back as an exception."""
    for node in nodes:
        if isinstance(node, ast.Try | ast.TryStar):
            if any(_may_catch(handler.type) for handler in node.handlers):
                yield from node.body
        elif isinstance(node, ast.With | ast.AsyncWith) and any(_may_suppress(item) for item in node.items):
            yield from node.body


def _may_catch(type: ast.expr | None) -> bool:
    """Whether a handler may be for what is not there; of a name that is not a builtin one that is not known."""
    if isinstance(type, ast.Tuple):
        return any(map(_may_catch, type.elts))
    if isinstance(type, ast.Name):
        return type.id in _CATCHING or not hasattr(builtins, type.id)
    return not isinstance(type, ast.Attribute)


def _may_suppress(item: ast.withitem) -> bool:
    called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
    word = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return word in ("suppress", "raises")
