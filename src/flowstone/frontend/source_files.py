"""The files of modules, with what they import, as a worker compares them before it calls their functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from flowstone.frontend.bindings import Binding, Place, imports
from flowstone.frontend.modules import Module
from flowstone.frontend.names import Defined, Names, ProjectModule, beginnings
from flowstone.ir.source import SourceFile, syntax_digest, text_digest
from flowstone.patterns import pattern

_INNER_IMPORT = pattern(r"^[ \t]+(?:import|from)[ \t]", re.MULTILINE)


def source_files(modules: Iterable[Module], names: Names) -> dict[str, SourceFile]:
    """The files of some modules and of everything in the project that these import, by the names of the modules."""
    found: dict[str, SourceFile] = {}
    pending = list(modules)
    while pending:
        module = pending.pop()
        if module.name in found:
            continue
        imported = {item.name: item for item in _imported(module, names) if item is not module}
        found[module.name] = SourceFile(
            path=module.path,
            text=text_digest(module.source.encode("utf-8", "surrogatepass")),
            syntax=syntax_digest(module.tree),
            imports=tuple(sorted(imported)),
        )
        pending.extend(imported.values())
    return dict(sorted(found.items()))


def _imported(module: Module, names: Names) -> Iterator[Module]:
    origins = {module.name, *names.table(module).imported}
    if _INNER_IMPORT.search(module.source):
        known = {id(item.node) for items in names.table(module).bindings.values() for item in items}
        origins.update(item.origin for item in _inner(module, known))
    for dotted in {part for origin in origins for part in beginnings(origin)}:
        target = names.dotted(dotted)
        if isinstance(target, ProjectModule | Defined) and target.module is not None:
            yield target.module


def _inner(module: Module, known: set[int]) -> Iterator[Binding]:
    """The imports inside of functions and classes."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in known:
            yield from imports(module, node, Place())
