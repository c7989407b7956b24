"""Which codes are shown: ``--select`` and ``--ignore`` take codes and beginnings of codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowstone.checks.catalog import code_of, codes
from flowstone.diagnostics.diagnostic import Diagnostic

_READING = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
_DEFINITIONS = (102, 103, 104, 106, 107, 108, 110, 111, 112, 113)
_GRAPH = (201, 202, 203, 206)
_OTHERS = (304, 305, 307, 401, 404, 601, 701, 702)

NEVER_IGNORED = frozenset(f"FS{number:03}" for number in (*_READING, *_DEFINITIONS, *_GRAPH, *_OTHERS))
"""Codes of what cannot be carried out, or had to be left out of the project: to hide them would be to skip silently."""

STRICT = frozenset({"FS314", "FS315"})
"""Codes of the rules that are shown only where they are asked for. They stand here too, so that a cached check need
not import the rules to know."""


@dataclass(frozen=True)
class Selection:
    """Beginnings of codes to show and not to show. The longer one decides; of equal ones, the ignored.

    Some codes are never ignored, but need not be selected. Strict ones are shown if the selection is strict or names
    the whole code.
    """

    select: tuple[str, ...] = ()
    """Empty: all."""
    ignore: tuple[str, ...] = ()
    strict: bool = False

    def shows(self, code: str) -> bool:
        """Whether diagnostics of the code are shown."""
        if code in STRICT and not self.strict and code not in self.select:
            return False
        selected = max((len(item) for item in self.select or ("",) if code.startswith(item)), default=-1)
        if code in NEVER_IGNORED:
            return selected >= 0
        ignored = max((len(item) for item in self.ignore if code.startswith(item)), default=-1)
        return selected > ignored

    def filter(self, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The diagnostics that are shown."""
        return tuple(item for item in diagnostics if self.shows(item.code))


def selection(select: Iterable[str], ignore: Iterable[str], *, strict: bool = False) -> Selection:
    """A selection of codes, beginnings of codes and names, each text one or several with commas.

    Errors: UsageError, with the nearest codes, for one that no code begins with.
    """
    return Selection(_codes(select), _codes(ignore), strict)


def _codes(texts: Iterable[str]) -> tuple[str, ...]:
    words = [word.strip() for text in texts for word in text.split(",") if word.strip()]
    return tuple(_code(word) for word in words)


def _code(word: str) -> str:
    prefix = word.upper()
    if any(code.startswith(prefix) for code in codes()):
        return prefix
    return code_of(word)
