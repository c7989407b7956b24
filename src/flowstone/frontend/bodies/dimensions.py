"""Which dimensions the body of a declared function needs of its partition: ``ctx.partition.dimensions["day"]``.

Only what surely fails where there is no such dimension is told: not what is asked for first, or tried.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flowstone.frontend.bodies.own_partition import Ways, tried
from flowstone.frontend.tree import walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_WORD = "dimensions"


def may_ask(source: str) -> bool:
    """Whether any function of a module can ask for a dimension, by the words in its text. Most cannot."""
    return _WORD in source


def needed_dimensions(function: _Function) -> list[ast.Constant]:
    """The names of dimensions that it asks for where they are written out, by place."""
    nodes = [node for statement in function.body for node in walk(statement)]
    if not any(_is_word(node) for node in nodes):
        return []
    ways = Ways(function, nodes)
    needed = [node for node in nodes if isinstance(node, ast.Subscript) and ways.is_whole(node.value)]
    keys = [node.slice for node in needed if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)]
    if not keys or any(map(ways.is_whole, _conditions(nodes))):
        return []
    spared = {*_asked_first(nodes, ways)}
    safe = {id(node) for root in tried(nodes) for node in walk(root)}
    surely = [key for key in keys if key.value not in spared and id(key) not in safe]
    return sorted(surely, key=lambda node: (node.lineno, node.col_offset))


def _is_word(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == _WORD


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


def _asked_first(nodes: Iterable[ast.AST], ways: Ways) -> Iterator[str]:
    """Dimensions of which a function asks whether there are such: ``"day" in ctx.partition.dimensions``, ``.get()``."""
    for node in nodes:
        first: ast.expr | None = None
        if isinstance(node, ast.Compare) and any(map(ways.is_whole, node.comparators)):
            first = node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ways.is_whole(node.func.value):
            first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value
