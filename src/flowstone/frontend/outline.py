"""What ``check`` sees of a module. Two texts of a module with one outline have the same findings, but for their places.

Left out are comments and layout; the bodies of assets, checks, resources and sensors, and of functions that nothing
calls while the project is read, but for their uses of names that might be FlowStone's and for what rules ask about
bodies; and constants that nothing mentions. A rule that looks into function bodies must be reflected here.
"""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache, partial

from flowstone.dsl.signals import HANDLERS
from flowstone.frontend.bodies.additions import additions
from flowstone.frontend.bodies.choices import named_texts, returned_texts
from flowstone.frontend.bodies.deeds import deeds
from flowstone.frontend.bodies.dimensions import may_ask, needed_dimensions
from flowstone.frontend.bodies.final import ends, never_returns
from flowstone.frontend.bodies.flow import Surroundings, endings, swallows
from flowstone.frontend.bodies.module_names import ModuleNames
from flowstone.frontend.bodies.partition_reads import may_read, partition_reads
from flowstone.frontend.bodies.requests import is_word
from flowstone.frontend.bodies.unstable import Unstable
from flowstone.frontend.bodies.written_secrets import written_secrets
from flowstone.frontend.canonical import canonical
from flowstone.frontend.changes import CHANGING
from flowstone.frontend.modules import Module
from flowstone.frontend.tree import walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_LOUD = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Global,
    ast.Nonlocal,
    ast.Yield,
    ast.YieldFrom,
)
"""What makes a body count as a whole."""


def outline(text: str, own_packages: Collection[str], is_mentioned: Callable[[str], bool]) -> str | None:
    """Digest of what is seen of a module; None if nothing can be left out of it.

    ``own_packages`` are the first names of the project's modules; ``is_mentioned`` tells whether a name occurs in any
    other file of the project.
    """
    if "flowstone:" in text:  # comments count in such a module
        return None
    try:
        tree = _parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if any(isinstance(node, ast.alias) and node.name == "*" for node in walk(tree)):
        return None
    seen = "\n".join(_Outline(text, tree, own_packages, is_mentioned).lines())
    return hashlib.sha256(seen.encode("utf-8", "surrogatepass")).hexdigest()


def same_heads(old: str, new: str) -> bool:
    """Whether what stands above the bodies of a module's decorated functions is the same in two texts.

    If not, their outlines hardly are, which is told without reading any further. Errors: SyntaxError, ValueError,
    RecursionError, MemoryError.
    """
    return _heads(old) == _heads(new)


def _heads(text: str) -> list[list[str]]:
    lines = text.splitlines()
    found = [item for item in _parsed(text).body if isinstance(item, _Function) and item.decorator_list]
    return [lines[item.decorator_list[0].lineno - 1 : item.body[0].lineno - 1] for item in found]


def same_names(old: str, new: str) -> bool:
    """Whether the statements of a module define functions and classes of the same names in two texts.

    Errors: as of ``same_heads``.
    """
    return _defined(old) == _defined(new)


def _defined(text: str) -> set[str]:
    return {item.name for item in _parsed(text).body if isinstance(item, _Function | ast.ClassDef)}


@lru_cache(maxsize=2)
def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


class _Outline:
    def __init__(
        self, text: str, tree: ast.Module, own_packages: Collection[str], is_mentioned: Callable[[str], bool]
    ) -> None:
        self._text = text
        self._tree = tree
        self._is_mentioned = is_mentioned
        imports = [node for node in walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        self._flowstone = {name for node in imports for name, origin in _imported(node) if origin == "flowstone"}
        self._routes = {
            alias.asname or alias.name
            for node in imports
            if isinstance(node, ast.ImportFrom) and node.module == "flowstone"
            for alias in node.names
            if alias.name == "route"
        }
        bound = _bound(tree.body)
        self._foreign = {
            name
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name, origin in _imported(node)
            if origin not in ("", "flowstone") and origin not in own_packages and bound.count(name) == 1
        }
        self._bound = set(bound) - self._foreign
        defined = {item.name for item in tree.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
        self._values = self._bound - defined - self._flowstone
        self._names = ModuleNames(tree)
        self._unstable = Unstable(self._names)

    def lines(self) -> Iterator[str]:
        called = self._called_while_reading()
        for statement in self._tree.body:
            if isinstance(statement, _Function) and self._can_leave_out(statement, called):
                yield from self._facts(statement)
            elif not self._is_lonely_constant(statement):
                yield self._canonical([statement])
        yield from (f"{found.certainty} {found.name!a}" for found in written_secrets(self._tree, self._text))

    def _can_leave_out(self, function: _Function, called: set[str]) -> bool:
        if not self._is_declaration(function) and (
            function.decorator_list or function.name in called or self._is_mentioned(function.name)
        ):
            return False
        nodes = [node for statement in function.body for node in walk(statement)]
        if any(
            isinstance(node, _LOUD) or (isinstance(node, ast.Name) and node.id in self._flowstone) or is_word(node)
            for node in nodes
        ):
            return False
        if not self._is_declaration(function) and self._may_change_values(nodes):
            return False
        return self._ways(function, own_return=False) == self._ways(function, own_return=True)

    def _may_change_values(self, nodes: list[ast.AST]) -> bool:
        """Whether a body may change what a name of the module stands for: the value is then no constant anywhere."""
        return any(isinstance(node, ast.Name) and node.id in self._values for node in nodes) and any(
            (isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load))
            or (isinstance(node, ast.Attribute) and node.attr in CHANGING)
            for node in nodes
        )

    def _is_declaration(self, function: _Function) -> bool:
        callees = [item.func if isinstance(item, ast.Call) else item for item in function.decorator_list]
        if any(_root(callee) in self._flowstone for callee in callees):
            return True
        return any(isinstance(item, ast.Attribute) and item.attr in HANDLERS for item in function.decorator_list)

    def _is_route(self, function: _Function) -> bool:
        callees = [item.func for item in function.decorator_list if isinstance(item, ast.Call)]
        return any(
            callee.attr == "route" if isinstance(callee, ast.Attribute) else _root(callee) in self._routes
            for callee in callees
        )

    def _facts(self, function: _Function) -> Iterator[str]:
        """The function without its body, and those names in its body that may be FlowStone's by way of the project."""
        header = type(function)(
            name=function.name,
            args=function.args,
            body=[],
            decorator_list=function.decorator_list,
            returns=function.returns,
            lineno=function.lineno,
            col_offset=function.col_offset,
        )
        if getattr(function, "type_params", None):
            header.type_params = function.type_params  # type: ignore[union-attr]
        yield self._canonical([header])
        yield ascii(ast.get_docstring(function, clean=False))
        yield " ".join(sorted(set(self._uses(function))))
        yield f"{self._ways(function, own_return=True)} {never_returns(function)}"
        if self._is_declaration(function):
            yield from (f"{deed.kind} {deed.what!a}" for deed in deeds(function, self._names, self._unstable))
            yield from (f"adds to {registry!a}" for _, registry in additions(function))
            if may_read(self._text):
                yield from (f"reads partition {node.attr!a}" for node in partition_reads(function))
            if may_ask(self._text):
                yield from (f"asks for {node.value!a}" for node in needed_dimensions(function))
            if self._is_route(function):
                texts = named_texts(self._tree)
                yield from (f"chooses {text!a}" for _, text in returned_texts(function, texts))

    def _ways(self, function: _Function, *, own_return: bool) -> list[str]:
        """How a function ends without a value, if what the project defines always returns, or never."""

        def never(call: ast.Call) -> bool:
            return ends(call, self._names.origins) or (not own_return and _root(call.func) in self._bound)

        found = endings(function, Surroundings(never, partial(swallows, self._names.origins)))
        return [ending.kind for ending in found]

    def _uses(self, function: _Function) -> Iterator[str]:
        for node in (node for statement in function.body for node in walk(statement)):
            if isinstance(node, ast.Call) and _root(node.func) in self._bound:
                yield f"{_dotted(node.func)}()"
            elif isinstance(node, ast.Name | ast.Attribute) and _root(node) in self._bound:
                yield _dotted(node)

    def _called_while_reading(self) -> set[str]:
        """Names that module-level code and other modules mention, and what the functions among them mention."""
        functions = {item.name: item for item in self._tree.body if isinstance(item, _Function)}
        found: set[str] = set()
        pending: list[ast.AST] = []
        for statement in self._tree.body:
            if isinstance(statement, _Function):
                pending += [*statement.decorator_list, statement.args]
                if not self._is_declaration(statement) and self._is_mentioned(statement.name):
                    pending += statement.body
            else:
                pending.append(statement)
        while pending:
            for node in walk(pending.pop()):
                name = node.id if isinstance(node, ast.Name) else None
                if name is not None and name not in found:
                    found.add(name)
                    if name in functions:
                        pending += functions[name].body
        return found

    def _is_lonely_constant(self, statement: ast.stmt) -> bool:
        """Whether this binds a plain value to a name that stands nowhere else in the project."""
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            return False
        target = statement.targets[0]
        if not isinstance(target, ast.Name) or not isinstance(statement.value, ast.Constant):
            return False
        return len(re.findall(rf"\b{target.id}\b", self._text)) == 1 and not self._is_mentioned(target.id)

    def _canonical(self, nodes: Iterable[ast.AST]) -> str:
        return canonical(Module("", "", self._text, self._tree), nodes).text


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Bound names, and the first part of where each comes from; nothing for a relative import."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            origin = "" if node.level else (node.module or "")
            yield alias.asname or alias.name, origin.partition(".")[0]
        else:
            yield alias.asname or alias.name.partition(".")[0], alias.name.partition(".")[0]


def _bound(body: list[ast.stmt]) -> list[str]:
    """Every name that is bound at module level, as often as it is bound."""
    found: list[str] = []
    pending: list[ast.AST] = [*body]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found += [name for name, _ in _imported(node)]
        else:
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                found.append(node.id)
            pending.extend(ast.iter_child_nodes(node))
    return found


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id if isinstance(node, ast.Name) else "", *reversed(parts)])


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
