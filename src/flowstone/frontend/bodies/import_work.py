"""What a module does when it is imported, besides defining things."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from flowstone.frontend.bindings import FUNCTIONS, is_main, is_type_checking
from flowstone.frontend.bodies.cases import truth
from flowstone.frontend.bodies.module_names import ModuleNames
from flowstone.frontend.bodies.origins import Origins
from flowstone.frontend.bodies.outside import Reach, mentions_outside, reach
from flowstone.frontend.bodies.writes import is_written_to
from flowstone.frontend.functions import yields
from flowstone.frontend.tree import walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_PATH_READS = frozenset({"glob", "is_dir", "is_file", "iterdir", "open", "read_bytes", "read_text", "rglob", "stat"})
_PATH_WRITES = frozenset({"mkdir", "rename", "rmdir", "touch", "unlink", "write_bytes", "write_text"})
_TEXT_READERS = frozenset({"builtins.open", "io.open"})
_PATHS = frozenset({"pathlib.Path", "pathlib.Path.cwd", "pathlib.Path.home"})
_BRANCHING = (ast.If, ast.For, ast.While, ast.Match, ast.ClassDef, *FUNCTIONS)
_LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_DEEPEST = 5
"""Names for paths that are made of names for paths are followed so far."""


class Work(Struct, frozen=True):
    """Something that is done on import."""

    reach: Reach
    what: str
    """The call as it is written, without its arguments."""
    node: ast.expr
    dotted: str
    """Full name of what is called; empty for a method of a path."""
    inside: ast.expr | None = None
    """Where it is done, if the module calls a function that does it."""


def import_work(tree: ast.Module, source: str) -> list[Work]:
    """What a module does on import, by place."""
    if not mentions_outside(source):
        return []
    found = _Search(tree).found()
    return sorted(found, key=lambda work: (work.node.lineno, work.node.col_offset))


class _Search:
    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._module = ModuleNames(tree)
        self._names = self._module.origins

    def found(self) -> Iterator[Work]:
        """What is done by the statements of the module, and by functions that they call."""
        for node in self._run(self._tree.body):
            yield from self._done_by(node, self._names)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield from self._done_inside(node, self._functions.get(node.func.id))

    # -- what runs ------------------------------------------------------------------------------------------------

    def _run(self, nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
        """Every node that is evaluated when these run."""
        pending = list(nodes)
        while pending:
            node = pending.pop()
            if isinstance(node, FUNCTIONS):
                pending += self._run_by_definition(node)
            elif isinstance(node, ast.If):
                pending += _taken(node)
            elif not isinstance(node, ast.Lambda):
                yield node
                pending.extend(ast.iter_child_nodes(node))

    def _run_by_definition(self, function: _Function) -> list[ast.expr]:
        """What a ``def`` evaluates. In declarations there is nothing but constants: that is demanded of them."""
        if self._is_declared(function):
            return []
        defaults = [item for item in function.args.kw_defaults if item is not None]
        return [*function.decorator_list, *function.args.defaults, *defaults]

    def _is_declared(self, function: _Function) -> bool:
        called = [item.func if isinstance(item, ast.Call) else item for item in function.decorator_list]
        return any((self._names.of(item) or "").startswith("flowstone.") for item in called)

    def _done_inside(self, call: ast.Call, function: ast.FunctionDef | None) -> Iterator[Work]:
        """What a function of the module surely does when it is called."""
        if function is None or yields(function):
            return
        names = self._names.inside(function)
        for node in self._run(_surely_run(function.body)):
            for work in self._done_by(node, names):
                yield Work(work.reach, work.what, call, work.dotted, inside=work.node)

    @cached_property
    def _functions(self) -> dict[str, ast.FunctionDef]:
        """The plain functions of the module whose names are bound once."""
        found = [item for item in self._tree.body if isinstance(item, ast.FunctionDef) and not item.decorator_list]
        return {item.name: item for item in found if self._names.bound[item.name] == 1}

    # -- what it does ---------------------------------------------------------------------------------------------

    def _done_by(self, node: ast.AST, names: Origins) -> Iterator[Work]:
        if isinstance(node, ast.Subscript):
            if isinstance(node.ctx, ast.Load) and names.of(node.value) == "os.environ":
                yield Work("environment", ast.unparse(node), node, "os.environ")
        elif isinstance(node, ast.Call):
            dotted = names.of(node.func)
            found = reach(dotted, node) if dotted else self._by_path(node, names)
            if found is not None and self._counts(found, dotted, node):
                yield Work(found, f"{ast.unparse(node.func)}()", node, dotted or "")

    def _by_path(self, call: ast.Call, names: Origins) -> Reach | None:
        """What a method of a path reaches."""
        method = call.func
        if not isinstance(method, ast.Attribute) or method.attr not in _PATH_READS | _PATH_WRITES:
            return None
        if not self._is_path(method.value, names):
            return None
        return None if method.attr in _PATH_READS and self._is_beside(method.value) else "files"

    def _counts(self, found: Reach, dotted: str | None, call: ast.Call) -> bool:
        """Whether nobody would say that this belongs at module level."""
        if found == "environment":
            return self._is_read_by_declared(call)
        reads_text = dotted in _TEXT_READERS and not is_written_to(call)
        return not (reads_text and call.args and self._is_beside(call.args[0]))

    def _is_read_by_declared(self, value: ast.expr) -> bool:
        """Whether a declared function of the module reads the name that gets a value: what it makes depends on it."""
        for name, given in self._module.assigned.items():
            if any(node is value for node in walk(given)):
                declared = [item for item in self._tree.body if isinstance(item, FUNCTIONS) and self._is_declared(item)]
                return any(isinstance(node, ast.Name) and node.id == name for item in declared for node in walk(item))
        return False

    def _is_path(self, node: ast.expr, names: Origins, depth: int = 0) -> bool:
        """Whether an expression is certainly a ``pathlib.Path``."""
        while isinstance(node, ast.Attribute | ast.BinOp | ast.Call):
            if isinstance(node, ast.Call):
                if names.of(node.func) in _PATHS:
                    return True
                node = node.func
            else:
                node = node.left if isinstance(node, ast.BinOp) else node.value
        if not isinstance(node, ast.Name) or node.id not in self._module.assigned or depth > _DEEPEST:
            return False
        return self._is_path(self._module.assigned[node.id], names, depth + 1)

    def _is_beside(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether a path begins at the module's own file: what lies there comes with the code."""
        names = [item for item in walk(node) if isinstance(item, ast.Name)]
        if any(item.id == "__file__" or (self._names.of(item) or "").startswith("importlib.") for item in names):
            return True
        inner = [self._module.assigned[item.id] for item in names if item.id in self._module.assigned]
        return depth < _DEEPEST and any(self._is_beside(item, depth + 1) for item in inner)


def _taken(node: ast.If) -> list[ast.AST]:
    """What of an ``if`` statement may run on import."""
    if is_main(node.test) or is_type_checking(node.test) or truth(node.test) is False:
        return [*node.orelse]
    return [node.test, *node.body, *([] if truth(node.test) else node.orelse)]


def _surely_run(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The parts of a function that run whenever it is called."""
    for statement in body:
        if isinstance(statement, ast.With):
            yield from (item.context_expr for item in statement.items)
            yield from _surely_run(statement.body)
        elif isinstance(statement, ast.Try):
            yield from _surely_run(statement.body)
        elif not isinstance(statement, _BRANCHING):
            yield statement
        if any(isinstance(node, _LEAVING) for node in walk(statement)):
            return
