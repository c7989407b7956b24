"""The nearest known names, for "did you mean"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from heapq import nsmallest

MANY = 200
"""From here on not every known name is compared: a project with thousands of names may have thousands of typos."""
_COMPARED = 20
_CLOSE = 0.75
_CLOSER = 0.05
"""How much closer the nearest name must be than the next one, so that there is no doubt which is meant."""
_COUNTED = 1000


def did_you_mean(name: str, known: Iterable[str], *, count: int = 3, but: str | None = None) -> str | None:
    """``did you mean 'orders'?`` for names close to ``name``, or None if there is none.

    ``but`` is a known name that cannot be meant. Of thousands of names hand over the same ``frozenset`` each time.
    """
    candidates = [candidate for candidate in _candidates(name, known) if candidate != but]
    close = get_close_matches(name, candidates, n=count, cutoff=0.6)
    if not close:
        return None
    return f"did you mean {' or '.join(repr(item) for item in close)}?"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one known name that is clearly meant by a misspelt one; None if none is near enough, or several are."""
    candidates = _candidates(name, known)
    close = get_close_matches(name, candidates, n=2, cutoff=_CLOSE)
    if len(close) > 1 and _likeness(name, close[1]) > _likeness(name, close[0]) - _CLOSER:
        return None
    return close[0] if close else None


def _likeness(name: str, other: str) -> float:
    return SequenceMatcher(None, other, name).ratio()


def _candidates(name: str, known: Iterable[str]) -> list[str]:
    names = frozenset(known)
    return sorted(names) if len(names) < MANY else _likely(name, names)


@lru_cache(maxsize=64)
def _likely(name: str, known: frozenset[str]) -> list[str]:
    """The names that share the most pairs of letters with ``name``, judged by its rarest pairs."""
    index = _index(known)
    shared: Counter[str] = Counter()
    for names in sorted((index.get(pair, []) for pair in _pairs(name)), key=len):
        shared.update(names[:_COUNTED])
        if len(shared) >= _COUNTED:
            break
    most = nsmallest(_COMPARED, ((-count, abs(len(item) - len(name)), item) for item, count in shared.items()))
    return [item for _, _, item in most]


@lru_cache(maxsize=8)
def _index(known: frozenset[str]) -> dict[str, list[str]]:
    """The names by each pair of letters in them."""
    index: dict[str, list[str]] = {}
    for name in sorted(known):
        for pair in _pairs(name):
            index.setdefault(pair, []).append(name)
    return index


def _pairs(name: str) -> set[str]:
    """The pairs of neighbouring letters, with the beginning and the end as letters of their own."""
    marked = f"^{name.casefold()}$"
    return {marked[place : place + 2] for place in range(len(marked) - 1)}
