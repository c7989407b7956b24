"""The nearest known names, for "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str], *, count: int = 3) -> str | None:
    """``did you mean 'orders'?`` for names close to ``name``, or None if there is none."""
    close = get_close_matches(name, sorted(set(known)), n=count, cutoff=0.6)
    if not close:
        return None
    return f"did you mean {' or '.join(repr(item) for item in close)}?"
