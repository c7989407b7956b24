"""Annotations of parameters, changed around what is written."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Edit, Span
from flowstone.fixes.respell import literal
from flowstone.fixes.source import Function, MakeFix, SourceFile, in_file


class _Written(Struct, frozen=True):
    """An annotation as it is written."""

    source: SourceFile
    node: ast.expr
    place: Span
    """Of its text, which may be inside of quotes."""


_TypeEdits = Callable[[_Written], tuple[Edit, ...]]


def by_key(at: Span) -> MakeFix:
    """``T`` becomes ``dict[str, T]`` in the annotation of the parameter at a place."""
    return _annotation(at, "Annotate the parameter as dict[str, ...]", _wrapped)


def one_value(at: Span) -> MakeFix:
    """``dict[str, T]`` becomes ``T`` in the annotation of the parameter at a place."""
    return _annotation(at, "Annotate the parameter as one value", _unwrapped)


def or_none(at: Span) -> MakeFix:
    """``T`` becomes ``T | None`` in the annotation of the parameter at a place."""
    return _annotation(at, "Annotate the parameter as ... | None", _or_none)


def annotate(at: Span, text: str) -> MakeFix:
    """Annotate the parameter at a place, before its default if it has one."""

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        for function in source.nodes:
            if isinstance(function, Function):
                for parameter, default in _with_defaults(function.args):
                    if source.span(parameter) == at and parameter.annotation is None:
                        return _annotated(source, at, default, text)
        return ()

    return in_file(at.file, f"Annotate the parameter as {text}", edits)


def _with_defaults(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    plain = [*arguments.posonlyargs, *arguments.args]
    missing = len(plain) - len(arguments.defaults)
    yield from zip(plain, [*([None] * missing), *arguments.defaults], strict=True)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)


def _annotated(source: SourceFile, at: Span, default: ast.expr | None, text: str) -> tuple[Edit, ...]:
    end = _last(at)
    if default is None:
        return (Edit(end, f": {text}"),)
    start = source.start(default)
    sign = replace(end, end_line=start.line, end_column=start.column)
    return (Edit(sign, f": {text} = "),) if source.between(sign).strip() == "=" else ()


def _annotation(at: Span, title: str, change: _TypeEdits) -> MakeFix:
    def edits(source: SourceFile) -> tuple[Edit, ...]:
        argument = next((node for node in source.at(at) if isinstance(node, ast.arg)), None)
        if argument is None or argument.annotation is None:
            return ()
        written = _written(source, argument.annotation)
        return () if written is None else change(written)

    return in_file(at.file, title, edits)


def _written(source: SourceFile, node: ast.expr) -> _Written | None:
    """An annotation as it is written; None if it is a text of an odd form."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return _Written(source, node, source.span(node))
    inner = literal(source, node)
    if inner is None or inner.line != inner.end_line or node.value != node.value.strip():
        return None
    try:
        return _Written(source, ast.parse(node.value, mode="eval").body, inner)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _wrapped(written: _Written) -> tuple[Edit, ...]:
    return Edit(_first(written.place), "dict[str, "), Edit(_last(written.place), "]")


def _or_none(written: _Written) -> tuple[Edit, ...]:
    node = written.node
    simple = isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
    union = isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)
    return (Edit(_last(written.place), " | None"),) if simple or union else ()


def _unwrapped(written: _Written) -> tuple[Edit, ...]:
    source, node, place = written.source, written.node, written.place
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple) or len(node.slice.elts) != 2:
        return ()
    if source.span(node) != place:  # in quotes, where the places of its parts are not known
        return ()
    inner = source.span(node.slice.elts[1])
    head = replace(place, end_line=inner.line, end_column=inner.column)
    tail = replace(place, line=inner.end_line, column=inner.end_column)
    if source.has_comment(head) or source.between(tail).strip() != "]":
        return ()
    return Edit(head, ""), Edit(tail, "")


def _first(span: Span) -> Span:
    return replace(span, end_line=span.line, end_column=span.column)


def _last(span: Span) -> Span:
    return replace(span, line=span.end_line, column=span.end_column)
