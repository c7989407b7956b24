"""A name or text that is nearly the right one, put right where it is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Edit, Span
from flowstone.fixes.follow import followed
from flowstone.fixes.source import MakeFix, SourceFile, in_file
from flowstone.patterns import pattern

_LITERAL = pattern(r"[rRuU]?(\"\"\"|'''|\"|')(.*)\1", re.DOTALL)


def respell(
    at: Span, old: str, new: str, *, argument: str | None = None, position: int = 0, safe: bool = False
) -> MakeFix:
    """Write ``new`` for the text or name ``old`` at a place or in what it leads to, if it stands there once.

    ``argument`` names the argument of a call in which the text stands; it may be given by its position, too.
    """

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        keyword = _keyword(source, at, old)
        if keyword is not None:
            return (Edit(keyword, new),)
        found = [span for node in values_at(source, at, argument, position) for span in _places(source, node, old)]
        return (Edit(found[0], new),) if len(set(found)) == 1 else ()

    return in_file(at.file, f"Change '{old}' to '{new}'", edits, safe=safe)


def _keyword(source: SourceFile, at: Span, name: str) -> Span | None:
    """Place of the name of the keyword that takes a place, or whose value does."""
    for node in source.nodes:
        if isinstance(node, ast.keyword) and node.arg == name and at in (source.span(node), source.span(node.value)):
            start = source.start(node)
            place = replace(start, end_column=start.column + len(name))
            return place if source.between(place) == name else None
    return None


def values_at(source: SourceFile, at: Span, argument: str | None = None, position: int = 0) -> Iterator[ast.AST]:
    """The expressions that a place means: those there, or their argument of a name, and what names lead to."""
    for node in source.at(at):
        if isinstance(node, ast.expr):
            value = node
            if argument is not None and isinstance(node, ast.Call):
                value = argument_of(node, argument, position) or node
            yield value
            return


def argument_of(call: ast.Call, name: str, position: int = 0) -> ast.expr | None:
    """The argument of a call that is given by a name or at a position."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    plain = call.args[: position + 1]
    if len(plain) <= position or any(isinstance(item, ast.Starred) for item in plain):
        return None
    return plain[position]


def _places(source: SourceFile, node: ast.AST, old: str) -> Iterator[Span]:
    """Places of the text or name in an expression and in what it leads to."""
    for file, item in followed(source, node):
        place: Span | None = None
        if isinstance(item, ast.Constant) and item.value == old:
            place = literal(file, item)
        elif isinstance(item, ast.Attribute) and item.attr == old:
            end = file.end(item)
            place = replace(end, column=end.column - len(old))
        elif isinstance(item, ast.Name) and item.id == old:
            place = file.span(item)
        if place is not None and file.between(place) == old:
            yield place


def literal(source: SourceFile, node: ast.Constant) -> Span | None:
    """Place of the text between the quotes, if the text is written in one piece and as it is."""
    span = source.span(node)
    match = _LITERAL.fullmatch(source.between(span))
    if match is None or match[2] != node.value:
        return None
    (line, column), (end_line, end_column) = (span.line, span.column), (span.end_line, span.end_column)
    return Span(span.file, line, column + match.start(2), end_line, end_column - len(match[1]))
