"""Names of FlowStone that a file uses and does not import."""

from __future__ import annotations

import ast

from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Edit, Span
from flowstone.fixes.source import MakeFix, SourceFile, in_file


def import_name(at: Span, name: str) -> MakeFix:
    """Import a public name of FlowStone that is used at a place, in the way in which the file imports others."""
    return in_file(at.file, f"Import '{name}' from flowstone", lambda source: _edits(source, at, name))


def _edits(source: SourceFile, at: Span, name: str) -> tuple[Edit, ...]:
    if source.between(at) != name:
        return ()
    for statement in source.tree.body:
        if isinstance(statement, ast.ImportFrom) and (statement.module, statement.level) == ("flowstone", 0):
            return _beside(source, statement.names, name)
    for statement in source.tree.body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name == "flowstone":
                    start = replace(at, end_line=at.line, end_column=at.column)
                    return (Edit(start, f"{alias.asname or alias.name}."),)
    return ()


def _beside(source: SourceFile, aliases: list[ast.alias], name: str) -> tuple[Edit, ...]:
    """The edit that puts a name among others, in the order of import sorters if they are."""
    if aliases[0].name == "*":
        return ()
    for alias in aliases:
        if _order(alias.name) > _order(name):
            return (Edit(source.start(alias), f"{name}, "),)
    return (Edit(source.end(aliases[-1]), f", {name}"),)


def _order(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), name[:1].islower(), name
