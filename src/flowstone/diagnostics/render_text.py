"""Findings as text: where, what, the line with carets under it, further places, and what to do.

A text is made of pieces with a style each, so that the same layout serves plain output, which imports nothing, and
colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from flowstone.diagnostics.diagnostic import Diagnostic, Related, Severity, Span
from flowstone.diagnostics.excerpt import excerpt, printable

Piece = tuple[str, str]
"""A text and the name of its style, as rich has them; an empty name is no style."""

MOST_WITH_EXCERPT = 3
"""If there are more further places than this they are one line each."""
NOT_QUOTED = frozenset({"FS703"})
"""Codes whose source line is not shown: it holds a secret."""

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold blue"}


def render_text(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, prefix: str = "") -> str:
    """All findings, as given. ``sources`` are texts by file; ``prefix`` is put before each file's path."""
    return "".join(text for text, _ in pieces(diagnostics, sources, prefix=prefix))


def pieces(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, prefix: str = "") -> Iterator[Piece]:
    """The same in pieces."""
    for item in diagnostics:
        yield from _one(_moved(item, prefix), sources, prefix)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """``Found 2 errors, 1 warning in 2 files``."""
    found = list(diagnostics)
    parts = []
    for severity in Severity:
        count = sum(item.severity is severity for item in found)
        if count:
            parts.append(counted(count, str(severity)))
    return f"Found {', '.join(parts)} in {counted(len({item.span.file for item in found}), 'file')}"


def counted(count: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _moved(item: Diagnostic, prefix: str) -> Diagnostic:
    if not prefix:
        return item
    related = tuple(replace(place, span=_under(place.span, prefix)) for place in item.related)
    return replace(item, span=_under(item.span, prefix), related=related)


def _under(span: Span, prefix: str) -> Span:
    return replace(span, file=prefix + span.file)


def _one(item: Diagnostic, sources: Mapping[str, str], prefix: str) -> Iterator[Piece]:
    yield printable(_place(item.span)), "bold"
    yield f": {item.code} ", ""
    yield f"[{item.severity}]", _STYLES[item.severity]
    yield f" {printable(item.message)}\n", ""
    quoted = item.code not in NOT_QUOTED
    if quoted:
        yield from _excerpt(item.span, sources, prefix, _STYLES[item.severity])
    for place in item.related:
        yield from _related(place, sources, prefix, with_excerpt=quoted and len(item.related) <= MOST_WITH_EXCERPT)
    if item.help:
        yield "  = help: ", "cyan"
        yield f"{printable(item.help)}\n", ""


def _related(place: Related, sources: Mapping[str, str], prefix: str, *, with_excerpt: bool) -> Iterator[Piece]:
    yield "  --> ", "cyan"
    yield f"{printable(_place(place.span))}: {printable(place.message)}\n", ""
    if with_excerpt:
        yield from _excerpt(place.span, sources, prefix, "cyan")


def _excerpt(span: Span, sources: Mapping[str, str], prefix: str, style: str) -> Iterator[Piece]:
    source = sources.get(span.file.removeprefix(prefix))
    found = None if source is None else excerpt(span, source)
    if found is None or not found.text.strip():
        return
    gutter = f"{found.line:>5}"
    yield f"{gutter} | ", "cyan"
    yield f"{found.text}\n", ""
    yield f"{' ' * len(gutter)} | ", "cyan"
    yield f"{' ' * found.indent}{'^' * found.width}\n", style


def _place(span: Span) -> str:
    return f"{span.file}:{span.line}:{span.column}"
