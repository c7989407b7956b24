"""Diagnostics as the front end collects them."""

from __future__ import annotations

from collections.abc import Iterable

from flowstone.diagnostics.diagnostic import Diagnostic, Fix, Related, Severity, Span


class Findings:
    """A growing list of diagnostics in which each stands once: unrolled loops meet the same mistake many times."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span, str], Diagnostic] = {}

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        help: str | None = None,
        related: Iterable[tuple[Span, str]] = (),
        fix: Fix | None = None,
    ) -> None:
        """Note an error; what is already noted for the place with the same words is not noted again."""
        places = tuple(Related(place, text) for place, text in related)
        finding = Diagnostic(code, Severity.ERROR, message, span, help, places, fix)
        self._found.setdefault((code, span, message), finding)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings by place."""
        return tuple(sorted(self._found.values(), key=lambda finding: finding.sort_key))
