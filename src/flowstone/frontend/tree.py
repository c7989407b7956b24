"""Walking syntax trees. ``ast.walk`` asks each node for its fields by name, and half of what it gives are contexts."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_LEAVES = frozenset({int, str, type(None), *ast.expr_context.__subclasses__(), *ast.operator.__subclasses__()})
_DEFINITIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda})


def walk(root: ast.AST) -> list[ast.AST]:
    """The node and everything below it but contexts (``Load``, ``Store`` ...) and operators, in no particular order."""
    found = [root]
    for node in found:  # grows while it is read
        for value in node.__dict__.values():
            kind = value.__class__
            if kind in _LEAVES:
                continue
            if kind is list:
                found += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)
    return found


def walk_outside(roots: Iterable[ast.AST]) -> list[ast.AST]:
    """The nodes and everything below them, but what is inside of functions and classes, in no particular order."""
    found = list(roots)
    for node in found:  # grows while it is read
        if node.__class__ in _DEFINITIONS:
            continue
        for value in node.__dict__.values():
            kind = value.__class__
            if kind is list:
                found += [item for item in value if isinstance(item, ast.AST)]
            elif kind not in _LEAVES and isinstance(value, ast.AST):
                found.append(value)
    return found
