"""Heads of functions: what is missing in them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from tokenize import OP

from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Edit, Span
from flowstone.fixes.rename import arguments
from flowstone.fixes.source import Function, MakeFix, Node, SourceFile, in_file

_GIVES = {
    "CheckResult": "CheckResult",
    "all": "bool",
    "any": "bool",
    "bool": "bool",
    "isinstance": "bool",
    "len": "int",
    "str": "str",
}
"""What calls of these give."""


def add_return(name: Span) -> MakeFix:
    """Annotate what the function of this name returns, where its body makes it evident."""

    def make(source: SourceFile) -> tuple[Edit, ...]:
        function = source.function(name)
        if function is None or function.returns is not None:
            return ()
        returned = evident_return(function)
        behind = None if returned is None else _behind_parameters(source, function)
        return () if behind is None else (Edit(behind, f" -> {returned}"),)

    return in_file(name.file, "Annotate what the function returns", make)


def evident_return(function: Function) -> str | None:
    """The type that all values that a body returns have, as far as it can be seen from each alone."""
    values: list[ast.expr | None] = []
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return None
        if isinstance(node, ast.Return):
            values.append(node.value)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))
    kinds = {_plain_type(value) for value in values}
    ends = isinstance(function.body[-1], ast.Return)
    return kinds.pop() if len(kinds) == 1 and ends else None


def _plain_type(value: ast.expr | None) -> str | None:
    """The type of a value that is written out, or of a call that can give nothing else; None for any other."""
    match value:
        case ast.JoinedStr():
            return "str"
        case ast.UnaryOp(op=ast.Not()):
            return "bool"
        case ast.Call(func=ast.Name(id=name)):
            return _GIVES.get(name)
        case ast.Constant(value=bool() | int() | float() | str() | bytes()):
            return type(value.value).__name__
        case ast.List(elts=items) | ast.Set(elts=items):
            inner = _common_type(items)
            return None if inner is None else f"{type(value).__name__.lower()}[{inner}]"
        case ast.Dict(keys=keys, values=values):
            key, item = _common_type(keys), _common_type(values)
            return None if key is None or item is None else f"dict[{key}, {item}]"
    return None


def _common_type(items: Sequence[ast.expr | None]) -> str | None:
    kinds = {_plain_type(item) for item in items}
    return kinds.pop() if len(kinds) == 1 else None


def _behind_parameters(source: SourceFile, function: Function) -> Span | None:
    """The empty place behind the bracket that closes the parameters."""
    start = (function.lineno, 0)
    first = source.span(function.body[0])
    depth = 0
    for token in source.tokens:
        if token.start < start or token.type != OP:
            continue
        if token.start >= (first.line, first.column - 1):
            return None
        depth += (token.string in "([{") - (token.string in ")]}")
        if depth == 0 and token.string == ")":
            line, column = token.end
            return Span(source.path, line, column + 1, line, column + 1)
    return None


def add_default(function: Span, name: str) -> MakeFix:
    """Give a function a parameter whose default keeps the value that a name has where the function is defined."""

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        found = source.function(function)
        if found is None or found.args.vararg or found.args.kwarg or name in {item.arg for item in arguments(found)}:
            return ()
        behind = _behind_parameters(source, found)
        if behind is None:
            return ()
        text = f"{name}={name}"
        parts: list[Node] = [
            *arguments(found),
            *found.args.defaults,
            *(item for item in found.args.kw_defaults if item),
        ]
        if not parts:
            return (Edit(replace(behind, column=behind.column - 1, end_column=behind.end_column - 1), text),)
        last = max(source.end(part) for part in parts)
        rest = source.between(replace(last, end_line=behind.line, end_column=behind.column))
        return (Edit(last, f", {text}"),) if "#" not in rest and rest.strip().strip(",").strip() == ")" else ()

    return in_file(function.file, f"Add the parameter {name}={name}", edits)
