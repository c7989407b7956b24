"""Where the body of a declared function adds keys to a registry of dynamic partitions: ``ctx.add_partitions(...)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowstone.frontend.tree import walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef
WORD = "add_partitions"
_NAMES = ("ctx", "context")


def additions(function: _Function) -> Iterator[tuple[ast.expr, str]]:
    """Each such call: what names the registry, and that name where it is written out, else nothing."""
    contexts = {item.arg for item in _parameters(function) if _is_context(item)}
    for node in (node for statement in function.body for node in walk(statement)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == WORD:
            owner, registry = node.func.value, _registry(node)
            if isinstance(owner, ast.Name) and owner.id in contexts:
                text = registry.value if isinstance(registry, ast.Constant) else None
                yield registry or node, text if isinstance(text, str) else ""


def _parameters(function: _Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _is_context(parameter: ast.arg) -> bool:
    """Whether a parameter receives the context, by its name or the last word of its annotation."""
    if parameter.arg in _NAMES:
        return True
    annotation = parameter.annotation
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value.rpartition(".")[2] == "Context"
    if isinstance(annotation, ast.Attribute):
        return annotation.attr == "Context"
    return isinstance(annotation, ast.Name) and annotation.id == "Context"


def _registry(call: ast.Call) -> ast.expr | None:
    given = next((keyword.value for keyword in call.keywords if keyword.arg == "registry"), None)
    first = call.args[0] if call.args else None
    return given if first is None or isinstance(first, ast.Starred) else first
