"""Where a module-level function is meant in Python itself: in its module, and in those that import it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.modules import Module
from flowstone.lsp.literals import literal_span, part, strings
from flowstone.lsp.scopes import meant


class UnclearError(Exception):
    """Where the name is meant cannot be told for sure."""


@dataclass(frozen=True)
class PythonName:
    """A name at the level of a module."""

    module: str
    name: str


def places(modules: Mapping[str, Module], wanted: PythonName) -> dict[str, list[Span]]:
    """The places of a function's name but its ``def``, by file. Errors: UnclearError.

    ``modules`` are those that have the name as a word, by path; each knows its dotted name.
    """
    exporting = {wanted.module}
    found: dict[str, list[Span]] = {}
    grown = True
    while grown:
        grown, found = False, {}
        for path, module in modules.items():
            spans = list(_in_module(module, wanted, exporting))
            if spans:
                found[path] = spans
            if module.name not in exporting and any(
                alias.asname is None for alias in _aliases(module, wanted, exporting)
            ):
                exporting.add(module.name)
                grown = True
    return found


def _in_module(module: Module, wanted: PythonName, exporting: set[str]) -> Iterator[Span]:
    imported = False
    for alias in _aliases(module, wanted, exporting):
        yield part(module.span(alias), 0, len(wanted.name))
        imported = imported or alias.asname is None
    if imported or module.name == wanted.module:
        yield from (module.span(node) for node in meant(module.tree.body, wanted.name))
        yield from _exported(module, wanted)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == wanted.name and _module_of(module, node.value) in exporting:
            span = module.span(node)
            yield Span(span.file, span.end_line, span.end_column - len(wanted.name), span.end_line, span.end_column)


def _aliases(module: Module, wanted: PythonName, exporting: set[str]) -> Iterator[ast.alias]:
    """The imports of the name in a module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and _absolute(module, node) in exporting:
            for alias in node.names:
                if alias.name == "*":
                    raise UnclearError(f"'{module.path}' imports everything from '{_absolute(module, node)}'")
                if alias.name == wanted.name:
                    yield alias


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.package.split(".") if module.package else []
    parts = parts[: len(parts) - (node.level - 1)] if node.level > 1 else parts
    return ".".join([*parts, *filter(None, [node.module])])


def _exported(module: Module, wanted: PythonName) -> Iterator[Span]:
    """The name in ``__all__``."""
    for node in module.tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(item, ast.Name) and item.id == "__all__" for item in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            for text in strings(node.value):
                span = literal_span(module, text) if text.value == wanted.name else None
                if span is not None:
                    yield span


def _module_of(module: Module, node: ast.expr) -> str | None:
    """The module that an expression means, as far as imports tell."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    start = _imported(module).get(node.id)
    return None if start is None else ".".join([start, *reversed(parts)])


def _imported(module: Module) -> dict[str, str]:
    """What each imported name stands for, by its dotted name."""
    found: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                found[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            origin = _absolute(module, node)
            for alias in node.names:
                found[alias.asname or alias.name] = f"{origin}.{alias.name}" if origin else alias.name
    return found


def keyword_places(modules: Mapping[str, Module], functions: set[str], keyword: str) -> dict[str, list[Span]]:
    """Calls of functions of these names with the keyword: the place of the keyword, by file."""
    found: dict[str, list[Span]] = {}
    for path, module in modules.items():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and _last(node.func) in functions:
                for item in node.keywords:
                    if item.arg == keyword:
                        found.setdefault(path, []).append(part(module.span(item), 0, len(keyword)))
    return found


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
