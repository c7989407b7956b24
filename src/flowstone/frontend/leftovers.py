"""Uses of declaring words that no statement at module level reaches: each is a finding, none is passed over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.bound_names import unknown_flowstone_name
from flowstone.frontend.construct import DECLARING
from flowstone.frontend.findings import Findings
from flowstone.frontend.modules import Module
from flowstone.frontend.names import External, Names, Public, unknown_public_name
from flowstone.frontend.reader import Reader
from flowstone.frontend.touches import is_declaring_word

_INNER_IMPORT = re.compile(r"^[ \t]+(?:from|import)[ \t]+flowstone\b", re.MULTILINE)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_imports(module: Module, names: Names, findings: Findings) -> None:
    """Note names imported from ``flowstone`` that it does not have."""
    if "flowstone" not in module.source:
        return
    for bindings in names.table(module).bindings.values():
        for binding in bindings:
            if binding.origin.startswith("flowstone.") and binding.alias is not None and not binding.submodule:
                unknown = unknown_public_name(External(binding.origin))
                if unknown is not None:
                    unknown_flowstone_name(unknown, module.span(binding.alias)).note(findings)


def check_leftovers(module: Module, names: Names, reader: Reader, findings: Findings) -> None:
    """Note every declaring word in a module that was not followed."""
    inner = _inner_imports(module, reader)
    pattern = _declaring_words(module, names, inner)
    if pattern is None:
        return
    for statement in module.tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        if pattern.search(_text(module, statement)):
            _Search(module, names, reader, findings, inner).statement(statement)


def _text(module: Module, statement: ast.stmt) -> str:
    """The statement's source, without the decorators: where they are FlowStone's, they were followed."""
    return "\n".join(module.lines[statement.lineno - 1 : statement.end_lineno])


def _declaring_words(module: Module, names: Names, inner: Iterable[str]) -> re.Pattern[str] | None:
    table = names.table(module)
    found = {rf"{re.escape(name)}\b" for name in inner}
    for name, bindings in table.bindings.items():
        if any(binding.kind == "import" for binding in bindings):
            target = names.lookup(module, name)
            if isinstance(target, Public) and target.name in DECLARING:
                found.add(rf"{re.escape(name)}\b")
            elif isinstance(target, External) and target.dotted == "flowstone":
                found.add(rf"{re.escape(name)}\s*\.")
    found.update(rf"{word}\b" for word in DECLARING if table.stars and isinstance(names.lookup(module, word), Public))
    return re.compile(rf"\b(?:{'|'.join(sorted(found))})") if found else None


def _inner_imports(module: Module, reader: Reader) -> dict[str, str]:
    """Declaring words that are imported inside of functions, by the name that they get there."""
    if not _INNER_IMPORT.search(module.source):
        return {}
    return {
        name: dotted
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and node.col_offset
        for name, dotted in reader.touches.imported(node, module)
        if dotted is not None and is_declaring_word(dotted)
    }


class _Search:
    def __init__(
        self, module: Module, names: Names, reader: Reader, findings: Findings, inner: Mapping[str, str]
    ) -> None:
        self._inner = inner
        self._module = module
        self._names = names
        self._reader = reader
        self._findings = findings

    def statement(self, statement: ast.stmt) -> None:
        pending: list[tuple[ast.AST, tuple[ast.AST, ...], frozenset[str]]] = [(statement, (), frozenset())]
        while pending:
            node, around, local = pending.pop()
            if id(node) in self._reader.seen:
                continue
            if isinstance(node, ast.Name | ast.Attribute) and self._is_declaring(node, local):
                self._note(node, around)
                continue
            inner = around
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                inner = (*around, node)
                self._decorators(node, around, local)
                local = local | _own_names(node) if isinstance(node, FUNCTIONS) else local
            pending.extend((child, inner, local) for child in reversed(list(_searched(node))))

    def _decorators(self, node: _Function | ast.ClassDef, around: tuple[ast.AST, ...], local: frozenset[str]) -> None:
        for decorator in node.decorator_list:
            named = decorator.func if isinstance(decorator, ast.Call) else decorator
            if id(named) in self._reader.seen or not isinstance(named, ast.Name | ast.Attribute):
                continue
            if not self._is_declaring(named, local):
                continue
            if isinstance(node, ast.ClassDef) or not around:
                self._note(named, around)
            elif not self._is_followed(around):
                self._nested(node, around)

    def _is_followed(self, around: tuple[ast.AST, ...]) -> bool:
        return any(id(item) in self._reader.touches.called for item in around)

    def _is_declaring(self, node: ast.Name | ast.Attribute, local: frozenset[str]) -> bool:
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id in local or isinstance(root.ctx, ast.Store):
            return False
        if root.id in self._inner:
            return is_declaring_word(self._inner[root.id] + ast.unparse(node).removeprefix(root.id))
        target = self._names.resolve(self._module, node)
        return isinstance(target, Public) and target.name in DECLARING

    def _nested(self, node: _Function, around: tuple[ast.AST, ...]) -> None:
        outer = around[-1]
        if isinstance(outer, ast.ClassDef):
            message = f"'{node.name}' is a method of class '{outer.name}', and only functions can be declared"
            advice = "move it to module level"
        else:
            owner = getattr(outer, "name", "")
            message = (
                f"'{node.name}' is declared inside of '{owner}', which is not called at module level with constants"
            )
            advice = f"move it to module level, or call '{owner}' there"
        assert isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        self._findings.error(
            "FS105",
            message,
            self._module.name_span(node),
            help=advice,
            related=[(self._module.name_span(outer), "it stands in here")],
        )

    def _note(self, node: ast.Name | ast.Attribute, around: tuple[ast.AST, ...]) -> None:
        if self._is_followed(around):
            return
        word = ast.unparse(node)
        message = f"'{word}' is used in a way that cannot be seen without running the code"
        job = word.rpartition(".")[2] == "Job"
        advice = "assign Job(...) to a name at module level" if job else f"write @{word}(...) above a function"
        self._findings.error("FS003", message, self._module.span(node), help=advice)


def _searched(node: ast.AST) -> Iterator[ast.AST]:
    """The children that may use a word as a value: annotations name types, and decorators are looked at apart."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _own_names(node: _Function) -> frozenset[str]:
    found = {item.arg for item in ast.walk(node.args) if isinstance(item, ast.arg)}
    found |= set(_stored(node.body))
    return frozenset(found)


def _stored(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
