"""Findings as text: where, what, the line with carets under it, further places, and what to do.

A text is made of pieces with a style each, so that the same layout serves plain output, which imports nothing, and
colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Diagnostic, Related, Severity, Span
from flowstone.diagnostics.excerpt import Excerpt, excerpt, printable, source_lines

Piece = tuple[str, str]
"""A text and the name of its style, as rich has them; an empty name is no style."""

MOST_WITH_EXCERPT = 3
"""If there are more further places than this they are one line each."""
NOT_QUOTED = frozenset({"FS703"})
"""Codes whose source lines are not shown, for no finding: they hold a secret."""

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold blue"}


def render_text(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, prefix: str = "") -> str:
    """All findings, as given. ``sources`` are texts by file; ``prefix`` is put before each file's path."""
    return "".join(text for text, _ in pieces(diagnostics, sources, prefix=prefix))


def pieces(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], *, prefix: str = "") -> Iterator[Piece]:
    """The same in pieces."""
    found = [_moved(item, prefix) for item in diagnostics]
    lines = {f"{prefix}{file}": source_lines(sources[file]) for file in _files(found, prefix) if file in sources}
    quotes = _Quotes(lines, _secret_lines(found))
    for item in found:
        yield from _one(item, quotes)


def concise_pieces(diagnostics: Iterable[Diagnostic], *, prefix: str = "") -> Iterator[Piece]:
    """A line for each finding, in pieces: where and what, and no more."""
    for item in diagnostics:
        yield from _headline(_moved(item, prefix))


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


def _files(found: Iterable[Diagnostic], prefix: str) -> set[str]:
    spans = (span for item in found for span in (item.span, *(place.span for place in item.related)))
    return {span.file.removeprefix(prefix) for span in spans}


def _secret_lines(found: Iterable[Diagnostic]) -> set[tuple[str, int]]:
    return {
        (item.span.file, line)
        for item in found
        if item.code in NOT_QUOTED
        for line in range(item.span.line, item.span.end_line + 1)
    }


class _Quotes(Struct, frozen=True):
    """The lines that may be shown."""

    lines: Mapping[str, Sequence[str]]
    """Of each file."""
    secret: set[tuple[str, int]]

    def of(self, span: Span) -> Excerpt | None:
        lines = self.lines.get(span.file)
        if lines is None or (span.file, span.line) in self.secret:
            return None
        found = excerpt(span, lines)
        return found if found is not None and found.text.strip() else None


def _headline(item: Diagnostic) -> Iterator[Piece]:
    yield printable(_place(item.span)), "bold"
    yield f": {item.code} ", ""
    yield f"[{item.severity}]", _STYLES[item.severity]
    yield f" {printable(item.message)}\n", ""


def _one(item: Diagnostic, quotes: _Quotes) -> Iterator[Piece]:
    yield from _headline(item)
    yield from _excerpt(quotes.of(item.span), _STYLES[item.severity])
    for place in item.related:
        yield from _related(place)
        if len(item.related) <= MOST_WITH_EXCERPT:
            yield from _excerpt(quotes.of(place.span), "cyan")
    if item.help:
        yield "  = help: ", "cyan"
        yield f"{printable(item.help)}\n", ""


def _related(place: Related) -> Iterator[Piece]:
    yield "  --> ", "cyan"
    yield f"{printable(_place(place.span))}: {printable(place.message)}\n", ""


def _excerpt(found: Excerpt | None, style: str) -> Iterator[Piece]:
    if found is None:
        return
    gutter = f"{found.line:>5}"
    yield f"{gutter} | ", "cyan"
    yield f"{found.text}\n", ""
    yield f"{' ' * len(gutter)} | ", "cyan"
    yield f"{' ' * found.indent}{'^' * found.width}\n", style


def _place(span: Span) -> str:
    return f"{span.file}:{span.line}:{span.column}"
