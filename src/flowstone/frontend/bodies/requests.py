"""Which partitions a sensor asks for, where they are written out: ``RunRequest("a", partition="2024-01-01")``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowstone.frontend.tree import walk

WORD = "RunRequest"
_PLACE = 1
"""Of ``partition`` among the arguments."""


def requests(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[ast.Call, ast.Constant]]:
    """The calls of what is called ``RunRequest`` with the partition that each of them names, by place."""
    calls = [node for statement in function.body for node in walk(statement) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        if is_word(call.func):
            value = _partition(call)
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield call, value


def is_word(node: ast.AST) -> bool:
    """Whether it is the name ``RunRequest``, of whatever."""
    return (isinstance(node, ast.Name) and node.id == WORD) or (isinstance(node, ast.Attribute) and node.attr == WORD)


def _partition(call: ast.Call) -> ast.expr | None:
    if any(isinstance(item, ast.Starred) for item in call.args):
        return None
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    return call.args[_PLACE] if len(call.args) > _PLACE else named.get("partition")
