"""Uses of declaring words that no statement at module level reaches: each is a finding, none is passed over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from flowstone.diagnostics.diagnostic import Span
from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.bound_names import unknown_flowstone_name
from flowstone.frontend.construct import DECLARING
from flowstone.frontend.declarations import KINDS
from flowstone.frontend.findings import Findings
from flowstone.frontend.modules import Module
from flowstone.frontend.names import External, Missing, Names, Public, unknown_public_name
from flowstone.frontend.reader import Reader
from flowstone.frontend.touches import Touches, is_declaring_word
from flowstone.frontend.tree import names_bound_by, walk
from flowstone.frontend.values import Scope

_INNER_IMPORT = re.compile(r"^[ \t]+(?:from|import)[ \t]+flowstone\b", re.MULTILINE)
_DYNAMIC_IMPORT = re.compile(r"\b(?:import_module|__import__)\(\s*[\"']flowstone\b")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_imports(module: Module, names: Names, findings: Findings) -> None:
    """Note names imported from ``flowstone`` that it does not have, and modules imported by a name they do not have."""
    findings.owner = module.path
    if "flowstone" not in module.source:
        return
    for match in _DYNAMIC_IMPORT.finditer(module.source):
        line = module.source.count("\n", 0, match.start()) + 1
        column = match.start() - module.source.rfind("\n", 0, match.start())
        span = Span(module.path, line, column, line, column + len(match[0]))
        message = "what is done with 'flowstone' imported by a call cannot be seen"
        findings.error("FS003", message, span, help="write 'import flowstone' or 'from flowstone import ...'")
    for bindings in names.table(module).bindings.values():
        for binding in bindings:
            if binding.alias is not None:
                _check_root(
                    binding.alias, binding.alias.name if binding.submodule else binding.origin, module, names, findings
                )
            if binding.origin.startswith("flowstone.") and binding.alias is not None and not binding.submodule:
                unknown = unknown_public_name(External(binding.origin))
                if unknown is not None:
                    unknown_flowstone_name(unknown, module.span(binding.alias)).note(findings)


def _check_root(alias: ast.alias, dotted: str, module: Module, names: Names, findings: Findings) -> None:
    """Note an import of the project that workers could not carry out: its folder is no import root."""
    found = names.misplaced(module, dotted)
    if found is None:
        return
    imported = ".".join(dotted.split(".")[:2])
    folder = found.removesuffix(f".{imported}").replace(".", "/")
    message = f"there is no module '{imported}' under the import roots, only '{found}'"
    advice = f"write import_roots = [\"{folder}\"] in the configuration, or import '{found}'"
    findings.error("FS004", message, module.span(alias), help=advice)


def check_decorators(module: Module, names: Names, reader: Reader, findings: Findings) -> None:
    """Note decorators that are called like FlowStone's, and that nothing in their module binds."""
    findings.owner = module.path
    words = [word for word in KINDS if f"@{word}" in module.source]
    words = [word for word in words if isinstance(names.lookup(module, word), Missing)]
    for statement in module.tree.body if words else ():
        nodes = walk(statement)
        bound = {name for node in nodes for name in names_bound_by(node)}
        for node in (node for node in nodes if isinstance(node, _Function)):
            for named in map(_named, node.decorator_list):
                if isinstance(named, ast.Name) and named.id in words and named.id not in bound:
                    reader.check_known(named, Scope(module), node)


def check_leftovers(module: Module, names: Names, reader: Reader, findings: Findings) -> None:
    """Note every declaring word in a module that was not followed."""
    findings.owner = module.path
    inner = _inner_imports(module, reader)
    pattern = _declaring_words(module, names, reader.touches, inner)
    if pattern is None:
        return
    for statement in module.tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        if pattern.search(_text(module, statement, reader)):
            _Search(module, names, reader, findings, inner).statement(statement)


def _text(module: Module, statement: ast.stmt, reader: Reader) -> str:
    """The statement's source, without the decorators that were followed."""
    left = [item.lineno for item in getattr(statement, "decorator_list", []) if id(_named(item)) not in reader.seen]
    first = min(left, default=statement.lineno)
    return "\n".join(module.lines[first - 1 : statement.end_lineno])


def _declaring_words(module: Module, names: Names, touches: Touches, inner: Iterable[str]) -> re.Pattern[str] | None:
    table = names.table(module)
    found = {rf"{re.escape(name)}\b" for name in inner}
    for name, bindings in table.bindings.items():
        if any(binding.kind == "import" for binding in bindings):
            target = names.lookup(module, name)
            package = isinstance(target, External) and target.dotted == "flowstone"
            if package or (isinstance(target, Public) and target.name in DECLARING):
                found.add(rf"{re.escape(name)}\b")
    found.update(rf"{re.escape(name)}\b" for name in table.bindings if touches.factory(names.lookup(module, name)))
    found.update(rf"{word}\b" for word in DECLARING if table.stars and isinstance(names.lookup(module, word), Public))
    return re.compile(rf"\b(?:{'|'.join(sorted(found))})") if found else None


def _inner_imports(module: Module, reader: Reader) -> dict[str, str]:
    """Declaring words that are imported inside of functions, by the name that they get there."""
    if not _INNER_IMPORT.search(module.source):
        return {}
    return {
        name: dotted
        for node in walk(module.tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and node.col_offset
        for name, _, dotted in reader.touches.imported(node, module)
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
        """Note what was not followed in a statement at module level."""
        pending: list[tuple[ast.AST, tuple[ast.AST, ...], frozenset[str]]] = [(statement, (), frozenset())]
        while pending:
            node, around, local = pending.pop()
            if id(node) in self._reader.seen or self._never_runs(node, around):
                continue
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                self._use(node, around, local)
                if isinstance(_root(node), ast.Name):
                    continue
            inner = around
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                inner = (*around, node)
                self._decorators(node, around, local)
                local = local | _own_names(node) if isinstance(node, FUNCTIONS) else local
            pending.extend((child, inner, local) for child in reversed(list(_searched(node))))

    def _never_runs(self, node: ast.AST, around: tuple[ast.AST, ...]) -> bool:
        """A statement of a factory behind a ``return``, or in a branch that no call takes."""
        return isinstance(node, ast.stmt) and self._is_followed(around) and id(node) not in self._reader.executed

    def _use(self, node: ast.Name | ast.Attribute, around: tuple[ast.AST, ...], local: frozenset[str]) -> None:
        if self._is_declaring(node, local):
            self._note(node)
            return
        root = _root(node)
        if not isinstance(root, ast.Name) or root.id in local:
            return
        runs = self._is_followed(around) or not any(isinstance(item, FUNCTIONS) for item in around)
        target = self._names.resolve(self._module, node)
        if runs and self._reader.touches.factory(target):
            message = f"'{ast.unparse(node)}' declares something, and how it is used here cannot be seen"
            advice = "call it in a statement, a 'for' loop or a list at module level, with constants"
            self._findings.error("FS003", message, self._module.span(node), help=advice)
        elif isinstance(target, External) and target.dotted == "flowstone" and isinstance(node, ast.Name):
            self._note(node)

    def _decorators(self, node: _Function | ast.ClassDef, around: tuple[ast.AST, ...], local: frozenset[str]) -> None:
        for decorator in node.decorator_list:
            named = _named(decorator)
            if id(named) in self._reader.seen:
                continue
            for inner in walk(decorator):
                if (
                    inner is not named
                    and isinstance(inner, ast.Name | ast.Attribute)
                    and self._is_declaring(inner, local)
                ):
                    self._note(inner)
            if not isinstance(named, ast.Name | ast.Attribute) or not self._is_declaring(named, local):
                continue
            if isinstance(node, ast.ClassDef) or not around:
                self._reader.hide([node.name])
                self._note(named)
            elif not self._is_followed(around):
                self._nested(node, around)

    def _is_followed(self, around: tuple[ast.AST, ...]) -> bool:
        """Whether the innermost function was called as a factory."""
        return bool(around) and id(around[-1]) in self._reader.touches.called

    def _is_declaring(self, node: ast.Name | ast.Attribute, local: frozenset[str]) -> bool:
        root = _root(node)
        if not isinstance(root, ast.Name) or root.id in local:
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
        elif any(isinstance(item, ast.ClassDef) for item in around):
            message = f"'{node.name}' is declared inside of a method, and methods are not followed"
            advice = "make the method a function at module level, and call that"
        else:
            owner = getattr(outer, "name", "")
            message = (
                f"'{node.name}' is declared inside of '{owner}', which is not called at module level with constants"
            )
            advice = f"move it to module level, or call '{owner}' there"
        assert isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        self._reader.hide([node.name])
        self._findings.error(
            "FS105",
            message,
            self._module.name_span(node),
            help=advice,
            related=[(self._module.name_span(outer), "it stands in here")],
        )

    def _note(self, node: ast.Name | ast.Attribute) -> None:
        word = ast.unparse(node)
        message = f"'{word}' is used in a way that cannot be seen without running the code"
        job = word.rpartition(".")[2] == "Job"
        if job:
            advice = "assign Job(...) to a name at module level"
        elif self._is_declaring(node, frozenset()):
            advice = f"write @{word}(...) above a function"
        else:
            advice = f"name what is used of it, as in @{word}.asset(...) above a function"
        self._findings.error("FS003", message, self._module.span(node), help=advice)


def _named(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _searched(node: ast.AST) -> Iterator[ast.AST]:
    """The children that may use a word as a value: annotations name types, and decorators are looked at apart."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _own_names(node: _Function) -> frozenset[str]:
    found = {item.arg for item in walk(node.args) if isinstance(item, ast.arg)}
    found |= set(_stored(node.body))
    return frozenset(found)


def _stored(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        for node in walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
