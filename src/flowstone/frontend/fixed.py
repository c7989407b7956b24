"""Names that stand for something that nothing can change."""

from __future__ import annotations

import ast

from flowstone.frontend.names import Defined


def is_immutable(target: Defined) -> bool:
    """Whether a name only ever stands for a text or number, or a tuple of such."""
    return all(binding.value is not None and _is_plain(binding.value) for binding in target.bindings)


def is_fixed(target: Defined) -> bool:
    """Whether a name stands for a function or class, or for something immutable."""
    return all(binding.kind in ("function", "class") for binding in target.bindings) or is_immutable(target)


def _is_plain(value: ast.expr) -> bool:
    pending: list[ast.expr] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, ast.Tuple):
            pending.extend(item.elts)
        elif isinstance(item, ast.UnaryOp):
            pending.append(item.operand)
        elif isinstance(item, ast.BinOp):
            pending += [item.left, item.right]
        elif not isinstance(item, ast.Constant | ast.JoinedStr):
            return False
    return True
