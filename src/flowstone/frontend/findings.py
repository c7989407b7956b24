"""Diagnostics as the front end collects them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Diagnostic, Related, Severity, Span
from flowstone.fixes.source import MakeFix, Sources

_Key = tuple[str, Span, str]


class Findings:
    """A growing list of diagnostics in which each stands once: unrolled loops meet the same mistake many times.

    Each belongs to the file that was being read when it was noted, wherever its place is.
    """

    def __init__(self) -> None:
        self.owner = ""
        """Path of the file that is being read; empty for what is about the whole project."""
        self._found: dict[str, dict[_Key, Diagnostic]] = {}
        self._fixes: dict[tuple[str, _Key], MakeFix] = {}

    def __len__(self) -> int:
        return sum(map(len, self._found.values()))

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
        key = (code, span, message)
        self._found.setdefault(self.owner, {}).setdefault(key, finding)
        if fix is not None:
            self._fixes.setdefault((self.owner, key), fix)

    def lines(self, owner: str, code: str) -> frozenset[int]:
        """Lines of a file for which the reading of it gave a finding of this code."""
        found = self._found.get(owner, {})
        return frozenset(span.line for what, span, _ in found if what == code and span.file == owner)

    @contextmanager
    def of(self, owner: str) -> Iterator[None]:
        """While another file is read in between, what is noted belongs to that one."""
        before, self.owner = self.owner, owner
        try:
            yield
        finally:
            self.owner = before

    def by_owner(self, texts: Mapping[str, str]) -> dict[str, tuple[Diagnostic, ...]]:
        """The findings of each file that has any, with their fixes of the texts of the files."""
        sources = Sources(texts)
        for (owner, key), make in self._fixes.items():
            found = self._found[owner]
            found[key] = replace(found[key], fix=make(sources))
        return {owner: tuple(found.values()) for owner, found in self._found.items()}

    def sorted(self, texts: Mapping[str, str]) -> tuple[Diagnostic, ...]:
        """All findings by place, each once, with their fixes of the texts of the files."""
        return merged(self.by_owner(texts))


def merged(found: Mapping[str, Iterable[Diagnostic]]) -> tuple[Diagnostic, ...]:
    """The findings of all files by place, each once."""
    distinct: dict[_Key, Diagnostic] = {}
    for owner in sorted(found):
        for item in found[owner]:
            distinct.setdefault((item.code, item.span, item.message), item)
    return tuple(sorted(distinct.values(), key=lambda finding: finding.sort_key))
