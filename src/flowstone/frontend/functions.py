"""Arguments of a call laid out on a function's parameters, as Python does it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any


def parameters(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Each parameter that is given by name or place, with its default."""
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [*([None] * (len(plain) - len(arguments.defaults))), *arguments.defaults]
    yield from zip(plain, defaults, strict=True)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)


def bind_arguments(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
    positional: Sequence[Any],
    keywords: Mapping[str, Any],
    default: Callable[[ast.expr], Any],
) -> dict[str, Any]:
    """Values by parameter. Errors: TypeError as Python's for a call that does not fit; what ``default`` raises."""
    arguments = node.args
    called = getattr(node, "name", "<lambda>")
    plain = [item.arg for item in [*arguments.posonlyargs, *arguments.args]]
    bound = dict(zip(plain, positional, strict=False))
    rest = tuple(positional[len(plain) :])
    if rest and arguments.vararg is None:
        raise TypeError(f"{called}() takes {len(plain)} positional arguments but {len(positional)} were given")
    by_name = {item.arg for item in [*arguments.args, *arguments.kwonlyargs]}
    extra: dict[str, Any] = {}
    for name, value in keywords.items():
        if name in bound and name in by_name:
            raise TypeError(f"{called}() got multiple values for argument {name!r}")
        if name not in by_name and arguments.kwarg is None:
            raise TypeError(f"{called}() got an unexpected keyword argument {name!r}")
        (bound if name in by_name else extra)[name] = value
    for parameter, value in parameters(arguments):
        if parameter.arg not in bound:
            if value is None:
                raise TypeError(f"{called}() misses the argument {parameter.arg!r}")
            bound[parameter.arg] = default(value)
    if arguments.vararg is not None:
        bound[arguments.vararg.arg] = rest
    if arguments.kwarg is not None:
        bound[arguments.kwarg.arg] = extra
    return bound


def yields(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is a generator."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))
    return False
