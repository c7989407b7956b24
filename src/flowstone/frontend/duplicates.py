"""Two functions of one name in a module: the second takes the place of the first."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from flowstone.frontend.bindings import FUNCTIONS, Binding
from flowstone.frontend.declarations import Declared
from flowstone.frontend.findings import Findings
from flowstone.frontend.names import Names


def check_duplicate_functions(declared: Iterable[Declared], names: Names, findings: Findings) -> None:
    """Note declared functions whose name a further ``def`` or ``class`` of the module takes."""
    done: set[int] = set()
    followed = {id(item.function): item for item in declared}
    for item in followed.values():
        findings.owner = item.runs_in.path
        bindings = names.table(item.scope.module).bindings.get(item.function.name, ())
        if len(bindings) < 2 or id(bindings[0].node) in done or not any(_is(item, other) for other in bindings):
            continue
        done.add(id(bindings[0].node))
        alive = [other for other in bindings if other.kind in ("function", "class") and _counts(other, bindings)]
        alive = [other for other in alive if not other.place.guards or id(other.node) in followed]
        for other in alive[1:]:
            _note(item, alive[0], other, findings)


def _is(item: Declared, binding: Binding) -> bool:
    return binding.node is item.function


def _counts(binding: Binding, bindings: tuple[Binding, ...]) -> bool:
    if isinstance(binding.node, FUNCTIONS) and any(
        isinstance(node, ast.Name) and node.id == "overload" for node in binding.node.decorator_list
    ):
        return False
    return not binding.place.typing_only and not (binding.place.fallback and len(bindings) > 1)


def _note(item: Declared, first: Binding, second: Binding, findings: Findings) -> None:
    module = item.scope.module
    assert isinstance(first.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    assert isinstance(second.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    findings.error(
        "FS101",
        f"'{item.function.name}' is defined twice in '{module.path}'",
        module.name_span(second.node),
        help="give one of them another name; for two assets of one name use namespace=...",
        related=[(module.name_span(first.node), "it is first defined here")],
    )
