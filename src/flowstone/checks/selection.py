"""Which codes are shown: ``--select`` and ``--ignore`` take codes, beginnings of codes and names."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from flowstone.checks.catalog import code_of, codes

_READING = (1, 2, 3, 4, 5, 6, 8, 9, 10)
_DEFINITIONS = (102, 103, 104, 106, 107, 108, 110, 111, 112, 113)
_GRAPH = (201, 202, 203, 206)
_OTHERS = (304, 305, 307, 401, 404, 601, 608, 609, 610, 701, 702, 801)

NEVER_IGNORED = frozenset(f"FS{number:03}" for number in (*_READING, *_DEFINITIONS, *_GRAPH, *_OTHERS))
"""Codes of what cannot be carried out, or had to be left out of the project: to hide them would be to skip silently."""

STRICT = frozenset({"FS314", "FS315"})
"""Codes of the rules that are shown only where they are asked for. They stand here too, so that a cached check need
not import the rules to know."""

OF_ENGINES = frozenset({"FS312"})
"""Codes that are looked for only if code is meant to be generated for an engine."""


class Selection(Struct, frozen=True):
    """Beginnings of codes to show and not to show. The longer one decides; of equal ones, the ignored.

    Strict ones are shown if the selection is strict or names the whole code.
    """

    select: tuple[str, ...] = ()
    """Empty: all."""
    ignore: tuple[str, ...] = ()
    strict: bool = False

    def selects(self, code: str) -> bool:
        """Whether the code is among those to show, whatever is ignored."""
        return self._selected(code) >= 0

    def shows(self, code: str) -> bool:
        """Whether diagnostics of the code are shown."""
        if code in STRICT and not self.strict and code not in self.select:
            return False
        ignored = max((len(item) for item in self.ignore if code.startswith(item)), default=-1)
        return self._selected(code) > ignored

    def _selected(self, code: str) -> int:
        return max((len(item) for item in self.select or ("",) if code.startswith(item)), default=-1)


def words(texts: Iterable[str]) -> list[str]:
    """Codes and names out of texts that hold one or, with commas, several."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def code_prefix(word: str) -> str:
    """The code, or beginning of codes, that a word means: it may be a name.

    Errors: UsageError, with the nearest codes, for one that no code begins with.
    """
    prefix = word.upper()
    return prefix if covered(prefix) else code_of(word)


def covered(prefix: str) -> set[str]:
    """The codes that begin so."""
    return {code for code in codes() if code.startswith(prefix)}
