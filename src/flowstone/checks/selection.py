"""Which codes are shown: ``--select`` and ``--ignore`` take codes and beginnings of codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowstone.checks.catalog import code_of, codes
from flowstone.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True)
class Selection:
    """Beginnings of codes to show and not to show. The longer one decides; of equal ones, the ignored."""

    select: tuple[str, ...] = ()
    """Empty: all."""
    ignore: tuple[str, ...] = ()

    def shows(self, code: str) -> bool:
        """Whether diagnostics of the code are shown."""
        selected = max((len(item) for item in self.select or ("",) if code.startswith(item)), default=-1)
        ignored = max((len(item) for item in self.ignore if code.startswith(item)), default=-1)
        return selected > ignored

    def filter(self, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The diagnostics that are shown."""
        return tuple(item for item in diagnostics if self.shows(item.code))


def selection(select: Iterable[str], ignore: Iterable[str]) -> Selection:
    """A selection of codes, beginnings of codes and names, each text one or several with commas.

    Errors: UsageError, with the nearest codes, for one that no code begins with.
    """
    return Selection(_codes(select), _codes(ignore))


def _codes(texts: Iterable[str]) -> tuple[str, ...]:
    words = [word.strip() for text in texts for word in text.split(",") if word.strip()]
    return tuple(_code(word) for word in words)


def _code(word: str) -> str:
    prefix = word.upper()
    if any(code.startswith(prefix) for code in codes()):
        return prefix
    return code_of(word)
