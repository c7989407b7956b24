"""Walking syntax trees. ``ast.walk`` asks each node for its fields by name, and half of what it gives are contexts."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

_LEAVES = frozenset({int, str, type(None), *ast.expr_context.__subclasses__(), *ast.operator.__subclasses__()})
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
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


def names_bound_by(node: ast.AST) -> Iterator[str]:
    """Names that a node itself binds or unbinds, in whatever way and scope."""
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
    elif isinstance(node, _NAMED) and node.name:
        yield node.name
