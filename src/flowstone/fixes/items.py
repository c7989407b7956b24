"""Items of a list and arguments of a call, taken out and put in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from tokenize import COMMENT, TokenInfo

from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Edit, Span
from flowstone.fixes.follow import followed
from flowstone.fixes.respell import values_at
from flowstone.fixes.source import Function, MakeFix, Node, SourceFile, in_file
from flowstone.patterns import pattern

_REST_OF_CALL = pattern(r"\s*,?\s*\)")
_COMMENT = pattern(r"#[^\n]*")


def remove_item(at: Span, title: str, *, safe: bool) -> MakeFix:
    """Take out the item of a list or tuple at a place."""

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        for node in source.nodes:
            if isinstance(node, ast.List | ast.Tuple):
                for item in node.elts:
                    if source.span(item) == at:
                        return _remove(source, item, is_tuple=isinstance(node, ast.Tuple))
        return ()

    return in_file(at.file, title, edits, safe=safe)


def remove_same_item(at: Span, other: Span, title: str) -> MakeFix:
    """Take out the item of a list at a place, if it says exactly what another item says."""

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        one, two = ([node for node in source.at(place) if isinstance(node, ast.expr)][:1] for place in (at, other))
        if at == other or not one or not two or ast.dump(one[0]) != ast.dump(two[0]):
            return ()
        for node in source.nodes:
            if isinstance(node, ast.List | ast.Tuple) and one[0] in node.elts and two[0] in node.elts:
                return _remove(source, one[0], is_tuple=isinstance(node, ast.Tuple))
        return ()

    return in_file(at.file, title, edits, safe=True)


def remove_repeated_argument(at: Span) -> MakeFix:
    """Take out an argument of the call at a place that says the same as one before it."""

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        for call in source.at(at):
            if isinstance(call, ast.Call):
                seen: set[str] = set()
                for item in call.args:
                    if (text := ast.dump(item)) in seen:
                        return _remove(source, item, is_tuple=False)
                    seen.add(text)
        return ()

    return in_file(at.file, "Leave out what is given twice", edits, safe=True)


def remove_slash(at: Span) -> MakeFix:
    """Take the ``/`` out of the parameters of the function that has the parameter at a place."""

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        for node in source.nodes:
            if isinstance(node, Function) and any(source.span(item) == at for item in node.args.posonlyargs):
                head = replace(
                    source.span(node), end_line=node.body[0].lineno, end_column=source.start(node.body[0]).column
                )
                tokens = [token for token in source.tokens_in(head) if token.type != COMMENT]
                for before, token in pairwise(tokens):
                    if (before.string, token.string) == (",", "/"):
                        (line, first), (_, last) = token.start, token.end
                        return removal(source, Span(at.file, line, first + 1, line, last + 1))
        return ()

    return in_file(at.file, "Leave out the '/'", edits, safe=True)


def _remove(source: SourceFile, item: Node, *, is_tuple: bool) -> tuple[Edit, ...]:
    return removal(source, source.span(item), is_tuple=is_tuple)


def removal(source: SourceFile, span: Span, *, is_tuple: bool = False) -> tuple[Edit, ...]:
    """The edit that takes out an item with a comma beside it, and its lines if nothing else is in them.

    There is none if brackets stand around the item.
    """
    before, behind = _neighbours(source, span)
    if before is None or behind is None or before.string not in ("[", "(", ","):
        return ()
    if behind.string == ",":
        whole = replace(span, end_line=behind.end[0], end_column=behind.end[1] + 1)
        return source.replace(_whole_lines(source, whole), "")
    if behind.string not in ("]", ")") or (before.string == "," and is_tuple):
        return ()
    if before.string == "," and before.end[0] == span.line:
        return source.replace(replace(span, column=before.start[1] + 1), "")
    closes = (before.string, behind.string) in (("[", "]"), ("(", ")"), (",", "]"), (",", ")"))
    return source.replace(_whole_lines(source, span), "") if closes else ()


def _neighbours(source: SourceFile, span: Span) -> tuple[TokenInfo | None, TokenInfo | None]:
    """The tokens before and behind a place, comments left out."""
    before: TokenInfo | None = None
    for token in source.tokens:
        if token.type == COMMENT:
            continue
        if token.end <= (span.line, span.column - 1):
            before = token
        elif token.start >= (span.end_line, span.end_column - 1):
            return before, token
    return before, None


def _whole_lines(source: SourceFile, span: Span) -> Span:
    """The place with its indent and line end if there is nothing else in its lines, else with the blanks behind it."""
    before = source.lines[span.line - 1][: span.column - 1]
    behind = source.lines[span.end_line - 1][span.end_column - 1 :]
    if not before.strip() and not behind.strip() and span.end_line < len(source.lines):
        return replace(span, column=1, end_line=span.end_line + 1, end_column=1)
    blanks = len(behind) - len(behind.lstrip(" \t"))
    stays_apart = behind.lstrip().startswith("#") and before.strip()
    return replace(span, end_column=span.end_column + (0 if stays_apart else blanks))


def add_argument(at: Span, text: str, holds: str, *, title: str) -> MakeFix:
    """Add a last argument to the one call at a place, or in what it leads to, that is given the text ``holds``."""

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        calls = {
            id(node): (file, node)
            for value in values_at(source, at)
            for file, node in followed(source, value)
            if isinstance(node, ast.Call) and holds in _texts(node)
        }
        return append_argument(*next(iter(calls.values())), text) if len(calls) == 1 else ()

    return in_file(at.file, title, edits)


def _texts(call: ast.Call) -> Iterator[object]:
    for value in (*call.args, *(keyword.value for keyword in call.keywords)):
        if isinstance(value, ast.Constant):
            yield value.value


def append_argument(source: SourceFile, call: ast.Call, text: str) -> tuple[Edit, ...]:
    """The edit that adds a last argument to a call that has some; none if brackets stand around the last one."""
    items = [*call.args, *(keyword.value for keyword in call.keywords)]
    if not items:
        return ()
    last = max(source.end(item) for item in items)
    rest = source.between(replace(last, end_line=source.end(call).line, end_column=source.end(call).column))
    return (Edit(last, f", {text}"),) if _REST_OF_CALL.fullmatch(_COMMENT.sub("", rest)) else ()
