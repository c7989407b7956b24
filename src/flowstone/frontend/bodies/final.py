"""Calls that end the function which makes them: by what they name, or by what is annotated in the project."""

from __future__ import annotations

import ast

from flowstone.frontend.bodies.origins import Origins
from flowstone.frontend.tree import walk
from flowstone.patterns import pattern

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_FINAL = frozenset(
    {"builtins.exit", "builtins.quit", "os._exit", "os.abort", "sys.exit"}
    | {"typing.assert_never", "typing_extensions.assert_never"}
)
_SOUNDS_FINAL = pattern(
    r"^_*(?:abort|assert_(?:never|unreachable)|bail|die|exit|fail|never|panic|quit|raise|reraise|skip|throw|unreachable"
    r"|(?:handle|on)_(?:error|exception|failure))"
)
"""How functions are called that nobody sees into, and that may never return."""
_NEVER = frozenset({"NoReturn", "Never"})


def ends(call: ast.Call, names: Origins) -> bool:
    """Whether a call ends the function, or sounds as if it did."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return _SOUNDS_FINAL.match(name) is not None or names.of(call.func) in _FINAL


def never_returns(function: _Function) -> bool:
    """Whether a function says that it never returns, or only ever raises."""
    annotation = function.returns
    if annotation is not None:
        if isinstance(annotation, ast.Constant):
            return annotation.value in _NEVER
        return getattr(annotation, "attr", getattr(annotation, "id", None)) in _NEVER
    leaves = (ast.Return, ast.Yield, ast.YieldFrom)
    return isinstance(function.body[-1], ast.Raise) and not any(isinstance(node, leaves) for node in walk(function))
