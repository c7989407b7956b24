"""What the function of a route returns where it is written out: ``return "full"``, ``return "a" if late else "b"``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowstone.frontend.bindings import FUNCTIONS

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def returned_texts(function: _Function) -> Iterator[ast.Constant]:
    """The texts that a function may return, as they stand in its ``return`` statements, by place."""
    pending: list[ast.AST] = [*function.body]
    found: list[ast.Constant] = []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            found += _texts(node.value)
        elif not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.expr)):
            pending.extend(ast.iter_child_nodes(node))
    yield from sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _texts(value: ast.expr) -> Iterator[ast.Constant]:
    """The texts that an expression may be: both sides of conditions, the last of ``and`` and ``or`` too."""
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node
        elif isinstance(node, ast.IfExp):
            pending += [node.body, node.orelse]
        elif isinstance(node, ast.BoolOp):
            pending.append(node.values[-1])
        elif isinstance(node, ast.NamedExpr):
            pending.append(node.value)
