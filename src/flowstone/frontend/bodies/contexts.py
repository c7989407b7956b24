"""Which parameters of a declared function receive the context of the run."""

from __future__ import annotations

import ast

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_NAMES = ("ctx", "context")


def contexts(function: _Function) -> set[str]:
    """Their names."""
    parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return {item.arg for item in parameters if _is_context(item)}


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
