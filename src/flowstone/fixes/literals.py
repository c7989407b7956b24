"""Values that are right but for a bracket, a quote or a few letters around them."""

from __future__ import annotations

import ast

from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Edit, Span
from flowstone.fixes.follow import bound, followed
from flowstone.fixes.respell import literal, values_at
from flowstone.fixes.source import MakeFix, SourceFile, in_file


def wrap(at: Span, before: str, behind: str, title: str, *, safe: bool = True) -> MakeFix:
    """Write something around the expression at a place."""

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        if not any(isinstance(node, ast.expr) for node in source.at(at)):
            return ()
        first = replace(at, end_line=at.line, end_column=at.column)
        last = replace(at, line=at.end_line, column=at.end_column)
        return tuple(Edit(place, text) for place, text in ((first, before), (last, behind)) if text)

    return in_file(at.file, title, edits, safe=safe)


def quote(at: Span, name: str) -> MakeFix:
    """Write the name that stands for a function as a text; in a list, those of other functions too."""

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        node = next((node for node in source.at(at) if isinstance(node, ast.expr)), None)
        if isinstance(node, ast.Name):
            return (Edit(source.span(node), f'"{name}"'),)
        items = node.elts if isinstance(node, ast.List | ast.Tuple) else []
        names = [item for item in items if isinstance(item, ast.Name) and bound(source, item.id) is None]
        return tuple(Edit(source.span(item), f'"{item.id}"') for item in names)

    return in_file(at.file, f"Write the name '{name}' as a text", edits, safe=True)


def rewrite(at: Span, old: str, new: str, title: str) -> MakeFix:
    """Write another text for the one that a place means, if it is written in one piece."""

    def edits(source: SourceFile) -> tuple[Edit, ...]:
        nodes = [item for value in values_at(source, at) for item in followed(source, value)]
        texts = [(file, node) for file, node in nodes if isinstance(node, ast.Constant) and node.value == old]
        place = literal(*texts[0]) if len(texts) == 1 else None
        return () if place is None else (Edit(place, new),)

    return in_file(at.file, title, edits)


def with_partition(path: str) -> str:
    """A path in which every partition has a place of its own: ``a/b.json`` becomes ``a/b/{partition}.json``."""
    folder, slash, name = path.rpartition("/")
    stem, dot, suffix = name.partition(".")
    if not stem:
        return f"{path}{{partition}}" if path.endswith("/") else f"{path}/{{partition}}"
    return f"{folder}{slash}{stem}/{{partition}}{dot}{suffix}"
