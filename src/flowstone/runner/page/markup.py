"""Elements of a page. Texts and the values of attributes are always escaped: what is not an element is text."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Final

from flowstone.diagnostics.terminal import printable

VOID: Final = frozenset({"br", "meta"})
"""Elements that have no content."""


class Markup(str):
    """What is markup already."""

    __slots__ = ()


Content = str | Markup
Attributes = Mapping[str, str | float]


def element(name: str, *content: Content, **attributes: str | float) -> Markup:
    """An element. ``class_`` is the attribute ``class``, and ``_`` in a name stands for ``-``."""
    written = "".join(f' {_attribute(key)}="{_escaped(value)}"' for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*content)}</{name}>")


def join(*content: Content) -> Markup:
    """Pieces one after the other."""
    return Markup("".join(item if isinstance(item, Markup) else _escaped(item) for item in content))


def number(value: float) -> str:
    """A coordinate, as short as it can be."""
    return f"{value:.1f}".removesuffix(".0")


def _attribute(name: str) -> str:
    return name.removesuffix("_").replace("_", "-")


def _escaped(value: str | float) -> str:
    return html.escape(printable(value) if isinstance(value, str) else number(value), quote=True)
