"""What the function of a route returns where that is written out: ``return "full"``, ``return "a" if late else "b"``.

Names of texts count that the function's own module binds once, and members of its enums: ``return Mode.FULL``.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.tree import names_bound_by, walk

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def returned_texts(function: _Function, texts: Mapping[str, str]) -> Iterator[tuple[ast.expr, str]]:
    """The texts that a function may return, as they stand in its ``return`` statements, by place.

    ``texts`` are those that have names, as of ``named_texts``.
    """
    pending: list[ast.AST] = [*function.body]
    found: list[tuple[ast.expr, str]] = []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            found += _texts(node.value, texts)
        elif not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.expr)):
            pending.extend(ast.iter_child_nodes(node))
    yield from sorted(found, key=lambda item: (item[0].lineno, item[0].col_offset))


def _texts(value: ast.expr, texts: Mapping[str, str]) -> Iterator[tuple[ast.expr, str]]:
    """The texts that an expression may be: both sides of conditions, the last of ``and`` and ``or`` too."""
    pending = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node, node.value
        elif isinstance(node, ast.Name | ast.Attribute):
            text = texts.get(ast.unparse(node))
            if text is not None:
                yield node, text
        elif isinstance(node, ast.IfExp):
            pending += [node.body, node.orelse]
        elif isinstance(node, ast.BoolOp):
            pending.append(node.values[-1])
        elif isinstance(node, ast.NamedExpr):
            pending.append(node.value)


def named_texts(tree: ast.Module) -> dict[str, str]:
    """The texts that a module binds once, by their dotted names: ``NAME``, ``Mode.FULL`` and ``Mode.FULL.value``."""
    found: dict[str, str] = {}
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            found.update(_of_class(statement))
        else:
            found.update(_bound(statement))
    bound = Counter(name for node in walk(tree) for name in names_bound_by(node)) if found else Counter[str]()
    return {name: text for name, text in found.items() if bound[name.partition(".")[0]] == 1}


def _bound(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    if isinstance(statement, ast.AnnAssign):
        target = statement.target
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield target.id, value.value


def _of_class(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """The members of an enum whose members are texts."""
    bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    if node.decorator_list or node.keywords or bases not in ({"StrEnum"}, {"str", "Enum"}):
        return
    members = [item for statement in node.body for item in _bound(statement)]
    times = Counter(name for statement in node.body for below in walk(statement) for name in names_bound_by(below))
    for name, text in members:
        if times[name] == 1:
            yield f"{node.name}.{name}", text
            yield f"{node.name}.{name}.value", text
