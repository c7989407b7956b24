"""Where a parameter is meant inside of its function, by Python's rules of scopes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def uses(function: Function, name: str) -> list[ast.Name]:
    """The places in the function's body that mean its parameter of this name."""
    return meant(function.body, name)


def meant(body: Sequence[ast.AST], name: str) -> list[ast.Name]:
    """The places in the statements of a scope, and in the scopes inside of it, that mean the scope's own name."""
    return [node for statement in body for node in _meant(statement, name)]


def _meant(node: ast.AST, name: str) -> Iterator[ast.Name]:
    if isinstance(node, ast.Name):
        if node.id == name:
            yield node
        return
    outer: list[ast.AST] = []
    inner: list[ast.AST] = []
    if isinstance(node, _Scope):
        outer = _outer(node)
        if not _binds(node, name):
            inner = [*node.body] if isinstance(node.body, list) else [node.body]
    elif isinstance(node, _Comprehension):
        first = node.generators[0].iter
        shadowed = any(_targets(item.target, name) for item in node.generators)
        outer = [first]
        inner = [] if shadowed else [item for item in _below(node) if item is not first]
    elif isinstance(node, ast.ClassDef):
        outer = [*node.decorator_list, *node.bases, *node.keywords]
        bound = _bound_in(node.body, name)
        inner = [item for item in node.body if not bound or isinstance(item, _Scope)]
    else:
        inner = list(ast.iter_child_nodes(node))
    for item in (*outer, *inner):
        yield from _meant(item, name)


def _outer(node: _Scope) -> list[ast.AST]:
    """What of a function is evaluated outside of it."""
    arguments = node.args
    found: list[ast.AST] = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
    if not isinstance(node, ast.Lambda):
        found += [*node.decorator_list, *filter(None, [node.returns])]
        found += [item.annotation for item in all_arguments(arguments) if item.annotation is not None]
    return found


def _below(node: _Comprehension) -> Iterator[ast.AST]:
    for generator in node.generators:
        yield from (generator.target, generator.iter, *generator.ifs)
    yield from [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Every parameter of a function, starred ones too."""
    starred = [item for item in (arguments.vararg, arguments.kwarg) if item is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]


def _binds(node: _Scope, name: str) -> bool:
    """Whether a nested function has a variable of this name of its own."""
    if any(item.arg == name for item in all_arguments(node.args)):
        return True
    return isinstance(node.body, list) and _bound_in(node.body, name) and not _is_nonlocal(node.body, name)


def _bound_in(body: list[ast.stmt], name: str) -> bool:
    """Whether statements bind a name in their own scope."""
    return any(_binds_name(node, name) for node in _own(body))


def _is_nonlocal(body: list[ast.stmt], name: str) -> bool:
    return any(isinstance(node, ast.Nonlocal) and name in node.names for node in _own(body))


def _own(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of the scopes in it."""
    pending: list[ast.AST] = [*body]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _Scope | ast.ClassDef | _Comprehension):
            pending.extend(ast.iter_child_nodes(node))


def _targets(target: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(target))


def _binds_name(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Name):
        return node.id == name and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any((item.asname or item.name.partition(".")[0]) == name for item in node.names)
    bound = (getattr(node, "name", None), getattr(node, "rest", None))
    if isinstance(node, Function | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar | ast.MatchMapping):
        return name in bound
    return isinstance(node, ast.Global) and name in node.names


def hides(function: Function, name: str) -> bool:
    """Whether the function uses a name in a way that has no place of its own: ``except ... as name``, ``nonlocal``."""
    for node in ast.walk(function):
        if isinstance(node, ast.Global | ast.Nonlocal) and name in node.names:
            return True
        if node is not function and not isinstance(node, ast.Name) and _binds_name(node, name):
            return True
    return False
