"""Conditions: which are always true, which exclude each other, and which may be all that there are."""

from __future__ import annotations

import ast
from collections.abc import Sequence

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_OPEN = frozenset({"str", "int", "float", "bytes", "complex"})
"""Types with more values than any list of cases names."""
_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def truth(test: ast.expr) -> bool | None:
    """Whether a condition is always true or always false; None if that is not known."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = truth(test.operand)
        return None if inner is None else not inner
    return None


def negated(test: ast.expr) -> str:
    """The opposite of a condition, as ``ast.dump`` writes it."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return ast.dump(test.operand)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        opposite = _OPPOSITES[type(test.ops[0])]()
        return ast.dump(ast.Compare(test.left, [opposite], test.comparators))
    return ast.dump(ast.UnaryOp(ast.Not(), test))


def may_be_all(tests: Sequence[ast.expr], function: _Function) -> bool:
    """Whether the conditions of ``if`` and ``elif`` may be all that the type of what they compare allows."""
    subject, *others = map(_subject, tests)
    if not others or subject is None:
        return False
    text = ast.dump(subject)
    return all(item is not None and ast.dump(item) == text for item in others) and not is_open(subject, function)


def _subject(test: ast.expr) -> ast.expr | None:
    """What a condition asks for a value or class; None if it is another condition."""
    if isinstance(test, ast.BoolOp):
        return _subject(test.values[0])
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq | ast.Is | ast.In):
        return test.left
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance" and test.args:
        return test.args[0]
    return None


def is_open(subject: ast.expr, function: _Function) -> bool:
    """Whether the subject is a parameter of a type that has endlessly many values."""
    if not isinstance(subject, ast.Name):
        return False
    arguments = function.args
    for parameter in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if parameter.arg == subject.id:
            annotation = parameter.annotation
            named = annotation.value if isinstance(annotation, ast.Constant) else getattr(annotation, "id", None)
            return named in _OPEN
    return False
