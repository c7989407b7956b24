"""Where the text of a string literal stands, without its quotes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.modules import Module

_QUOTES = re.compile(r"[rRuU]?(\"\"\"|'''|\"|')")


def literal_span(module: Module, node: ast.expr) -> Span | None:
    """Place of a string literal's text; None if it is no plain literal on one line that says what it is, as written."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    span = module.span(node)
    if span.line != span.end_line:
        return None
    line = module.lines[span.line - 1]
    match = _QUOTES.match(line, span.column - 1)
    if match is None:
        return None
    start, end = match.end(), span.end_column - 1 - len(match[1])
    if line[start:end] != node.value or line[end : end + len(match[1])] != match[1]:
        return None
    return Span(span.file, span.line, start + 1, span.line, end + 1)


def part(span: Span, start: int, end: int) -> Span:
    """A part of a place on one line, by the characters from its beginning."""
    return Span(span.file, span.line, span.column + start, span.line, span.column + end)


def strings(node: ast.expr | None) -> Iterator[ast.Constant]:
    """The string literals of a list or tuple, or of one that stands alone."""
    items = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else [] if node is None else [node]
    for item in items:
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            yield item
