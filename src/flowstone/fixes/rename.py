"""A parameter, or an imported name, renamed together with its uses; only where every use can be seen."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Edit, Span
from flowstone.fixes.edits import apply_edits
from flowstone.fixes.source import Function, MakeFix, SourceFile, in_file

_BY_NAME = frozenset({"locals", "vars", "eval", "exec", "dir"})
"""Functions that see names as texts."""


def rename_parameter(at: Span, old: str, new: str) -> MakeFix:
    """Rename the parameter at a place, and its uses in the function's body."""
    return in_file(at.file, f"Rename the parameter '{old}' to '{new}'", lambda source: _parameter(source, at, old, new))


def rename_import(at: Span, old: str, new: str) -> MakeFix:
    """Import another name at a place, and use it wherever the file used the old one."""
    return in_file(at.file, f"Change '{old}' to '{new}'", lambda source: _import(source, at, old, new))


def _parameter(source: SourceFile, at: Span, old: str, new: str) -> tuple[Edit, ...]:
    for node in source.nodes:
        if isinstance(node, Function):
            for argument in arguments(node):
                if argument.arg == old and source.span(argument) == at:
                    return _in_function(source, node, argument, new)
    return ()


def arguments(function: Function) -> Iterator[ast.arg]:
    """All parameters of a function that are given by name or place."""
    yield from (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)


def _in_function(source: SourceFile, function: Function, argument: ast.arg, new: str) -> tuple[Edit, ...]:
    old = argument.arg
    body = [node for statement in function.body for node in ast.walk(statement)]
    if {old, new} & set(_other_bindings(body)) or new in set(_all_names(function, body)):
        return ()
    uses = [node for node in body if isinstance(node, ast.Name) and node.id == old]
    start = source.start(argument)
    spans = [replace(start, end_column=start.column + len(old)), *map(source.span, uses)]
    if any(source.between(span) != old for span in spans):
        return ()
    edits = tuple(Edit(span, new) for span in dict.fromkeys(spans))
    return edits if _is_renamed(source, function, edits, old, new) else ()


def _all_names(function: Function, body: Iterable[ast.AST]) -> Iterator[str]:
    yield from (node.id for node in body if isinstance(node, ast.Name))
    yield from (node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg))


def _other_bindings(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that the nodes bind otherwise than by assignment, or in a scope of their own."""
    for node in nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
                if isinstance(node, ast.ClassDef):
                    yield from _assigned(node)
            case ast.arg():
                yield node.arg
            case ast.Global() | ast.Nonlocal():
                yield from node.names
            case ast.alias():
                yield (node.asname or node.name).partition(".")[0]
            case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
                yield name
            case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
                yield name
            case ast.comprehension():
                yield from _assigned(node.target)


def _assigned(node: ast.AST) -> Iterator[str]:
    for item in ast.walk(node):
        if isinstance(item, ast.Name) and not isinstance(item.ctx, ast.Load):
            yield item.id


def _is_renamed(source: SourceFile, function: Function, edits: tuple[Edit, ...], old: str, new: str) -> bool:
    """Whether the edits change the names and nothing else: within an f-string, places of nodes may be wrong."""
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    if names & _BY_NAME:
        return False
    first = min([function.lineno, *(item.lineno for item in function.decorator_list)])
    last = function.end_lineno or function.lineno
    before = "\n".join(source.lines[first - 1 : last])
    moved = [Edit(_up(edit.span, first - 1), edit.text) for edit in edits]
    expected = _parsed(before)
    after = _parsed(apply_edits(before, moved))
    if expected is None or after is None:
        return False
    return ast.dump(_Renamed(old, new).visit(expected)) == ast.dump(after)


def _up(span: Span, lines: int) -> Span:
    return replace(span, line=span.line - lines, end_line=span.end_line - lines)


def _parsed(text: str) -> ast.Module | None:
    """The tree of a function's lines, indented or not; None if they cannot be taken out of their file."""
    wrapped = f"if 1:\n{text}" if text[:1] in " \t" else text
    try:
        return ast.parse(wrapped)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Renamed(ast.NodeTransformer):
    """The outermost function with another name for a parameter, in its head and in its body."""

    def __init__(self, old: str, new: str) -> None:
        self._old = old
        self._new = new

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self._rename(node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        self._rename(node)
        return node

    def _rename(self, function: Function) -> None:
        for argument in arguments(function):
            if argument.arg == self._old:
                argument.arg = self._new
        for item in (item for statement in function.body for item in ast.walk(statement)):
            if isinstance(item, ast.Name) and item.id == self._old:
                item.id = self._new


def _import(source: SourceFile, at: Span, old: str, new: str) -> tuple[Edit, ...]:
    alias = next((node for node in source.at(at) if isinstance(node, ast.alias) and node.name == old), None)
    if alias is None:
        return ()
    start = source.start(alias)
    spans = [replace(start, end_column=start.column + len(old))]
    if alias.asname is None:
        others = [node for node in source.nodes if node is not alias]
        names = [node for node in source.nodes if isinstance(node, ast.Name)]
        bound = {*_other_bindings(others), *(node.id for node in names if not isinstance(node.ctx, ast.Load))}
        if {old, new} & bound or any(node.id == new for node in names):
            return ()
        spans += [source.span(node) for node in names if node.id == old]
    if any(source.between(span) != old for span in spans):
        return ()
    return tuple(Edit(span, new) for span in spans)
