"""What a name stands for: ``partitioned_by=days`` leads to ``days = DailyPartitions(...)``, in this file or another.

A name is followed if its file binds it once, or imports it from a file of the project that does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from posixpath import dirname, normpath

from flowstone.fixes.source import SourceFile

_STEPS = 3
"""Names that are followed one after the other."""


def followed(source: SourceFile, node: ast.AST, steps: int = _STEPS) -> Iterator[tuple[SourceFile, ast.AST]]:
    """The nodes of an expression, and those of the expressions to which its names are bound, with their files."""
    for item in ast.walk(node):
        yield source, item
        if isinstance(item, ast.Name) and steps:
            found = bound(source, item.id)
            if found is not None:
                yield from followed(*found, steps - 1)


def bound(source: SourceFile, name: str) -> tuple[SourceFile, ast.expr] | None:
    """The expression that a name means."""
    stores = [item for item in source.nodes if isinstance(item, ast.Name) and item.id == name and _binds(item)]
    imports = [(item, alias) for item, alias in _imports(source) if (alias.asname or alias.name) == name]
    if len(stores) + len(imports) != 1:
        return None
    if stores:
        return _assigned(source, stores[0])
    statement, alias = imports[0]
    file = _module(source, statement)
    return None if file is None or file is source else bound(file, alias.name)


def _binds(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)


def _assigned(source: SourceFile, target: ast.Name) -> tuple[SourceFile, ast.expr] | None:
    for statement in source.tree.body:
        if isinstance(statement, ast.Assign) and statement.targets == [target]:
            return source, statement.value
        if isinstance(statement, ast.AnnAssign) and statement.target is target and statement.value is not None:
            return source, statement.value
    return None


def _imports(source: SourceFile) -> Iterator[tuple[ast.ImportFrom, ast.alias]]:
    for item in source.nodes:
        if isinstance(item, ast.ImportFrom):
            yield from ((item, alias) for alias in item.names)


def _module(source: SourceFile, statement: ast.ImportFrom) -> SourceFile | None:
    """The file of the project from which a statement imports, if there is exactly one that it may be."""
    if statement.module is None:
        return None
    tail = statement.module.replace(".", "/")
    if statement.level:
        tail = normpath(f"{dirname(source.path)}/{'../' * (statement.level - 1)}{tail}").removeprefix("./")
    names = (f"{tail}.py", f"{tail}/__init__.py")
    paths = [path for path in source.paths if path in names or (not statement.level and path.endswith(_below(names)))]
    return source.other(paths[0]) if len(paths) == 1 else None


def _below(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"/{name}" for name in names)
