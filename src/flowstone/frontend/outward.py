"""What a statement changes outside of the project: ``os.environ["TZ"] = "UTC"``, ``random.seed(1)``.

Whoever runs after it may see that, and no name tells who does.
"""

from __future__ import annotations

import ast

_UNSEEN_IN_VALUES = frozenset({"logging", "time", "typing", "warnings"})
"""Modules whose settings change what is said, and not what is made."""
_SETTERS = frozenset({"setattr", "delattr"})


PLACES = (ast.Attribute, ast.Expr, ast.Subscript)
"""The nodes that may change something."""


def changed_by(node: ast.AST) -> ast.Name | None:
    """The name at the beginning of what a node sets, deletes, or calls for nothing but the effect; None without such.

    A call whose result is kept counts as one that makes this result.
    """
    changed: ast.expr
    if isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node.ctx, ast.Load):
            return None
        changed = node.value
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        is_setter = isinstance(call.func, ast.Name) and call.func.id in _SETTERS and call.args
        changed = call.args[0] if is_setter else call.func
    else:
        return None
    while not isinstance(changed, ast.Name):
        if isinstance(changed, ast.Attribute | ast.Subscript):
            changed = changed.value
        elif isinstance(changed, ast.Call):
            changed = changed.func
        else:
            return None
    return changed


def shows_in_values(dotted: str) -> bool:
    """Whether a change of what belongs to a package may change a value."""
    return dotted.partition(".")[0] not in _UNSEEN_IN_VALUES
