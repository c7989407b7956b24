"""What the body of a declared function reads of the partition that it is called for: ``ctx.partition.key``.

Only what surely fails where there is no partition is told: not what is tried, nor of a function that does anything else
with the partition, which may be to ask whether there is one.
"""

from __future__ import annotations

import ast

from flowstone.frontend.bodies.contexts import contexts
from flowstone.frontend.bodies.own_partition import Ways, tried
from flowstone.frontend.tree import walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_WORD = "partition"


def may_read(source: str) -> bool:
    """Whether any function of a module can read a partition, by the words in its text."""
    return f".{_WORD}" in source


def partition_reads(function: _Function) -> list[ast.Attribute]:
    """The attributes of its partition that a function reads, by place."""
    if not contexts(function):
        return []
    nodes = [node for statement in function.body for node in walk(statement)]
    if not any(isinstance(node, ast.Attribute) and node.attr == _WORD for node in nodes):
        return []
    ways = Ways(function, nodes)
    reads = [node for node in nodes if isinstance(node, ast.Attribute) and ways.is_partition(node.value)]
    plain = {id(node.value) for node in reads}
    plain.update(id(node) for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load))
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            plain.add(id(node.value))
        elif isinstance(node, ast.Assert):
            plain.update(map(id, walk(node.test)))
    if any(ways.is_partition(node) and id(node) not in plain for node in nodes):
        return []
    safe = {id(node) for root in tried(nodes) for node in walk(root)}
    return sorted((node for node in reads if id(node) not in safe), key=lambda node: (node.lineno, node.col_offset))
