"""Where the body of a declared function adds keys to a registry of dynamic partitions: ``ctx.add_partitions(...)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowstone.frontend.bodies.contexts import contexts
from flowstone.frontend.tree import walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef
WORD = "add_partitions"


def additions(function: _Function) -> Iterator[tuple[ast.expr, str]]:
    """Each such call: what names the registry, and that name where it is written out, else nothing."""
    given = contexts(function)
    for node in (node for statement in function.body for node in walk(statement)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == WORD:
            owner, registry = node.func.value, _registry(node)
            if isinstance(owner, ast.Name) and owner.id in given:
                text = registry.value if isinstance(registry, ast.Constant) else None
                yield registry or node, text if isinstance(text, str) else ""


def _registry(call: ast.Call) -> ast.expr | None:
    given = next((keyword.value for keyword in call.keywords if keyword.arg == "registry"), None)
    first = call.args[0] if call.args else None
    return given if first is None or isinstance(first, ast.Starred) else first
