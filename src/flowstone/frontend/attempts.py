"""Which statements of a ``try`` cannot fail: only what stands behind such statements is known to run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable

from flowstone.frontend.bindings import FUNCTIONS, import_base
from flowstone.frontend.modules import Module
from flowstone.frontend.names import External, Missing, Names
from flowstone.frontend.values import Refusal


def cannot_fail(
    statement: ast.stmt, module: Module, names: Names, evaluate: Callable[[ast.expr, Module], object]
) -> bool:
    """Whether a statement runs to its end in every environment of the project.

    Packages outside the standard library may be missing: whether they are is what most ``try`` statements ask.
    """
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Import():
            return all(_is_there(alias.name, names) for alias in statement.names)
        case ast.ImportFrom():
            base = import_base(module, statement)
            return all(
                _is_there(base if alias.name == "*" else f"{base}.{alias.name}", names) for alias in statement.names
            )
        case ast.Assign() | ast.AnnAssign():
            return statement.value is None or _is_constant(statement.value, module, evaluate)
    return isinstance(statement, FUNCTIONS) and not statement.decorator_list


def _is_there(dotted: str, names: Names) -> bool:
    target = names.dotted(dotted)
    if isinstance(target, External):
        return dotted.partition(".")[0] in sys.stdlib_module_names
    return not isinstance(target, Missing)


def _is_constant(value: ast.expr, module: Module, evaluate: Callable[[ast.expr, Module], object]) -> bool:
    try:
        evaluate(value, module)
    except Refusal:
        return False
    return True
