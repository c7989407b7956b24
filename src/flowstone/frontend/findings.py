"""Diagnostics as the front end collects them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flowstone.diagnostics.diagnostic import Diagnostic, Related, Severity, Span
from flowstone.fixes.source import MakeFix, Sources


class Findings:
    """A growing list of diagnostics in which each stands once: unrolled loops meet the same mistake many times."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span, str], Diagnostic] = {}
        self._fixes: dict[tuple[str, Span, str], MakeFix] = {}

    def __len__(self) -> int:
        return len(self._found)

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        help: str | None = None,
        related: Iterable[tuple[Span, str]] = (),
        fix: MakeFix | None = None,
    ) -> None:
        """Note an error; what is already noted for the place with the same words is not noted again."""
        places = tuple(Related(place, text) for place, text in related)
        finding = Diagnostic(code, Severity.ERROR, message, span, help, places)
        self._found.setdefault((code, span, message), finding)
        if fix is not None:
            self._fixes.setdefault((code, span, message), fix)

    def sorted(self, texts: Mapping[str, str]) -> tuple[Diagnostic, ...]:
        """All findings by place, with their fixes of the texts of the files."""
        sources = Sources(texts)
        for key, make in self._fixes.items():
            self._found[key] = replace(self._found[key], fix=make(sources))
        return tuple(sorted(self._found.values(), key=lambda finding: finding.sort_key))
