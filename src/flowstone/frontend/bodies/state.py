"""Names of a module whose values a function changes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flowstone.frontend.bodies.module_names import ModuleNames
from flowstone.frontend.changes import CHANGING
from flowstone.frontend.tree import walk
from flowstone.patterns import pattern

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_CHANGING = CHANGING - {"setdefault"}
WORDS = ("global ", "] =", "]=", "] +=", "] -=", "] |=", "del ", *(f".{name}(" for name in sorted(_CHANGING)))
"""One of these stands in a module that changes anything."""
_MEMORY = pattern(r"cache|memo|pool|registry|client|singleton", re.IGNORECASE)
"""Names of what is kept only to be quicker."""


def changes(function: _Function, module: ModuleNames) -> Iterator[tuple[str, ast.expr]]:
    """The name and the place of each change. What is made once and kept, when it is first needed, is none."""
    nodes = [node for statement in function.body for node in walk(statement)]
    outer = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    local = module.origins.inside(function).bound
    kept = {name for name in module.changeable if local[name] == 1}
    wanted = {name for name in (*outer, *kept) if not _MEMORY.search(name) and not _is_asked_for(name, nodes)}
    for node in nodes if wanted else ():
        changed = _changed(node, outer)
        if changed is not None and changed.id in wanted:
            yield changed.id, changed


def _changed(node: ast.AST, outer: set[str]) -> ast.Name | None:
    """The name whose value a node changes, or that it binds although it is the module's."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return node if node.id in outer else None
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return node.value if isinstance(node.value, ast.Name) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
        return node.func.value if isinstance(node.func.value, ast.Name) else None
    return None


def _is_asked_for(name: str, nodes: list[ast.AST]) -> bool:
    """Whether a condition asks what the name holds: so it is with what is made when it is first needed."""
    tests = (node.test for node in nodes if isinstance(node, ast.If | ast.IfExp))
    return any(isinstance(item, ast.Name) and item.id == name for test in tests for item in walk(test))
