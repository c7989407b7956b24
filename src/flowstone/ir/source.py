"""Source files as they were when a project was read, and digests by which a worker knows them again.

Two digests: that of the text, which is quick; and that of the syntax tree, which comments and layout do not change.
Only the standard library is needed, on both sides, and versions of Python agree on both.
"""

from __future__ import annotations

import ast
import hashlib
from typing import Any

from flowstone.ir.node import Node

_SKIPPED = frozenset({"ctx", "kind", "lineno", "type_comment", "type_ignores"})


class SourceFile(Node):
    """The file of one module."""

    path: str
    """Path with forward slashes, relative to the project's folder."""
    text: str
    """``text_digest`` of the file."""
    syntax: str
    """``syntax_digest`` of the file."""
    imports: tuple[str, ...] = ()
    """The project's modules that it imports, inside of functions too."""


def text_digest(data: bytes) -> str:
    """Digest of a file's bytes, whatever its line ends are."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return hashlib.sha256(data).hexdigest()


def syntax_digest(tree: ast.Module) -> str:
    """Digest of a syntax tree. Positions, strings that stand as statements, and empty fields are left out.

    Nothing here recurses: code may be nested as deeply as Python's parser allows.
    """
    out: list[str] = []
    stack: list[Any] = [tree]
    while stack:
        item = stack.pop()
        kind = item.__class__
        if kind is str:
            out.append(item)
        elif kind is list:
            out.append("[")
            stack.append("]")
            stack.extend(reversed(item))
        elif isinstance(item, ast.AST):
            if not _is_text_statement(item):
                out.append("(" + kind.__name__)
                stack.append(")")
                _push_fields(item, stack)
        else:
            out.append(_atom(item))
    return hashlib.sha256("".join(out).encode("utf-8", "surrogatepass")).hexdigest()


def _push_fields(node: ast.AST, stack: list[Any]) -> None:
    for name in reversed(node._fields):
        value = getattr(node, name, None)
        if value is None or value == [] or name in _SKIPPED:
            continue
        if name == "values" and isinstance(node, ast.JoinedStr):
            value = _joined(node.values)
        elif not isinstance(value, ast.AST | list):
            value = _atom(value)
        stack.append(value)
        stack.append(":" + name)


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """Pieces of text side by side are one piece: versions of Python split them differently."""
    found: list[ast.expr] = []
    for value in values:
        last = found[-1] if found else None
        if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
            found[-1] = ast.Constant(str(last.value) + str(value.value))
        elif not (isinstance(value, ast.Constant) and value.value == ""):
            found.append(value)
    return found


def _is_text_statement(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _atom(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value)  # Python refuses to write long ones as decimals
    return ascii(value)
