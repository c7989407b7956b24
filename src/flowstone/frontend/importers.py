"""Whether a text might import a module. When in doubt it might."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterable

from flowstone.frontend.tree import walk

_FEW = 20
"""Texts that are looked at closely; that a common word occurs in more is doubt enough."""


def may_import(texts: Iterable[str], module: str) -> bool:
    """Whether any of the texts may reach the module of this dotted name, by import or as an attribute of a package."""
    name = module.rpartition(".")[2]
    if not name.isascii():
        return True
    word = re.compile(rf"\b{re.escape(name)}\b")
    mentioning = [text for text in map(_normal, texts) if name in text and word.search(text)]
    return len(mentioning) > _FEW or any(_reaches(text, name) for text in mentioning)


def _normal(text: str) -> str:
    """The text as Python reads names in it."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _reaches(text: str, name: str) -> bool:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    attribute = re.compile(rf"\.\s*{re.escape(name)}\b")
    return any(_names(node, name, attribute) for node in walk(tree))


def _names(node: ast.AST, name: str, attribute: re.Pattern[str]) -> bool:
    match node:
        case ast.Import(names=aliases):
            return any(name in alias.name.split(".") for alias in aliases)
        case ast.ImportFrom(module=module, names=aliases):
            return name in (module or "").split(".") or any(alias.name == name for alias in aliases)
        case ast.Attribute(attr=attr):
            return attr == name
        case ast.Constant(value=str() as value):  # an annotation in quotes
            return attribute.search(value) is not None
    return False
