"""Markdown from lists and docstrings."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; none if it has no rows."""
    found = list(rows)
    if not found:
        return
    yield ""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in found)
    yield ""


def code(language: str, text: str) -> Iterator[str]:
    """A block of code."""
    yield f"```{language}\n{text.rstrip()}\n```\n"


def escape(text: str) -> str:
    """Text for a cell."""
    return " ".join(text.replace("|", "\\|").replace("``", "`").split())


def names(items: Iterable[str]) -> str:
    """Words as code, in order."""
    return ", ".join(f"`{name}`" for name in sorted(items))


def first_paragraph(item: object) -> str:
    """The beginning of a docstring."""
    text = inspect.getdoc(item) or ""
    return " ".join(text.partition("\n\n")[0].replace("``", "`").split())


def paragraphs(text: str) -> str:
    """A text whose lines may be broken anywhere."""
    parts = inspect.cleandoc(text).replace("\b\n", "").replace("``", "`").split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in parts)


def docs_of_class(cls: type) -> dict[str, str]:
    """The string under each field, those of its bases too."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(definition, ast.ClassDef)
    docs: dict[str, str] = {}
    for base in definition.bases:  # what a TypedDict is made of cannot be asked for before Python 3.12
        known = getattr(sys.modules[cls.__module__], base.id, None) if isinstance(base, ast.Name) else None
        if isinstance(known, type) and known.__module__ == cls.__module__:
            docs.update(docs_of_class(known))
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            docs[field.target.id] = " ".join(text.value.value.replace("``", "`").split())
    return docs
