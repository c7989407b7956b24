"""Secrets that are written into code: by the name that a text is given to, or by its form."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from msgspec import Struct

from flowstone.frontend.bindings import FUNCTIONS
from flowstone.frontend.secrets import Certainty, certainty
from flowstone.frontend.tree import walk
from flowstone.patterns import pattern

_HINTS = ("passw", "pwd", "passphrase", "secret", "token", "key", "credential", "bearer", "basic", "begin ")
_IN_URL = pattern(r"://[^\s/@]*@")
_LONG = pattern(r"[a-z0-9+/_=-]{20}")
_NO_SECRET = pattern(
    r""".*[\s\\].*                                     # a message, a pattern
    | [A-Za-z]+ | .{0,3} | [^A-Za-z]*
    | [A-Za-z]*\d?(?:[-_./:][A-Za-z]*\d?)+            # names
    | (?:u?int|float|utf|str|text|varchar|char)\w*(?:\(\d+\))?    # types of columns
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
"""What stands under the names of secrets without being one."""


class Written(Struct, frozen=True):
    """One of them. The text itself is not told."""

    name: str
    """What it is given to; empty if it is one by its form alone."""
    certainty: Certainty
    node: ast.expr


def written_secrets(tree: ast.Module, source: str) -> Iterator[Written]:
    """The secrets in a module, but for decorators and defaults of what is decorated: that is in the IR."""
    if not _may_hold_one(source.lower()):
        return
    for name, text, node in _named_texts(tree):
        by_form = certainty("", text)
        by_name = certainty(name, text)
        if by_name is not None and (by_form is not None or _NO_SECRET.fullmatch(text) is None):
            yield Written(name, "sure" if by_form == "sure" else "likely", node)


def _may_hold_one(text: str) -> bool:
    """Whether a source in lower case holds any of what a secret has. Plain searches take a tenth of a pattern."""
    if any(hint in text for hint in _HINTS) or ("://" in text and _IN_URL.search(text) is not None):
        return True
    return _LONG.search(text) is not None


def _named_texts(tree: ast.Module) -> Iterator[tuple[str, str, ast.Constant]]:
    """Every text that is no documentation, with the name that it is given to."""
    names: dict[int, str] = {}
    left_out: set[int] = set()
    nodes = walk(tree)  # parents before what they hold
    for node in nodes:
        if isinstance(node, FUNCTIONS) and node.decorator_list:
            for item in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
                left_out.update(map(id, walk(item)))
        names.update((id(value), name) for name, value in _given(node))
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            name = names.get(id(node), "")
            if name is not _DOCUMENTATION:
                yield name, node.value, node


_DOCUMENTATION = "<documentation>"


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names and what they are given by a node."""
    match node:
        case ast.Expr(value=ast.Constant() as value):
            yield _DOCUMENTATION, value
        case ast.Assign(targets=targets, value=value):
            yield from ((_name(target), value) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield _name(target), value
        case ast.keyword(arg=str() as name, value=value):
            yield name, value
        case ast.Dict(keys=keys, values=values):
            yield from ((_text(key), value) for key, value in zip(keys, values, strict=True))
        case ast.arguments():
            positional = [*node.posonlyargs, *node.args]
            defaults = zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True)
            yield from ((parameter.arg, default) for parameter, default in defaults)
            keywords = zip(node.kwonlyargs, node.kw_defaults, strict=True)
            yield from ((parameter.arg, default) for parameter, default in keywords if default is not None)


def _name(target: ast.expr) -> str:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=key):
            return _text(key)
    return ""


def _text(key: ast.expr | None) -> str:
    value = key.value if isinstance(key, ast.Constant) else None
    return value if isinstance(value, str) and ":" not in value else ""
