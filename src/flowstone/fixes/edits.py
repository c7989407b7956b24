"""Edits carried out on texts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from flowstone.diagnostics.diagnostic import Edit, Span


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits carried out. Errors: ValueError for a place that is not in it, or if two overlap."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda item: item.span):
        first = _offset(starts, edit.span.line, edit.span.column)
        last = _offset(starts, edit.span.end_line, edit.span.end_column)
        if not done <= first <= last:
            raise ValueError(f"edits overlap at {edit.span}")
        parts += [text[done:first], edit.text]
        done = last
    return "".join([*parts, text[done:]])


def _offset(starts: Sequence[int], line: int, column: int) -> int:
    if not (0 < line < len(starts) and 0 < column <= starts[line] - starts[line - 1]):
        raise ValueError(f"there is no line {line} with a column {column}")
    return starts[line - 1] + column - 1


def apply_all(texts: Mapping[str, str], edits: Iterable[Edit]) -> dict[str, str]:
    """The texts of the files that the edits are for, with them carried out. Errors: KeyError, ValueError."""
    by_file: dict[str, list[Edit]] = {}
    for edit in edits:
        by_file.setdefault(edit.span.file, []).append(edit)
    return {file: apply_edits(texts[file], found) for file, found in by_file.items()}


class Room:
    """What edits have taken of the files: others must keep their distance."""

    def __init__(self) -> None:
        self._taken: dict[str, list[Span]] = {}

    def take(self, edits: Sequence[Edit]) -> bool:
        """Take the places of the edits, all or, if one of them touches a place that is taken, none."""
        spans = sorted(edit.span for edit in edits)
        if any(not self._is_free(span) for span in spans):
            return False
        for span in spans:
            taken = self._taken.setdefault(span.file, [])
            taken.insert(bisect_right(taken, span), span)
        return True

    def _is_free(self, span: Span) -> bool:
        taken = self._taken.get(span.file, [])
        place = bisect_right(taken, span)
        return all(_apart(other, span) for other in taken[max(place - 1, 0) : place + 1])


def _apart(one: Span, other: Span) -> bool:
    """Whether there is something between two places, so that the order of their edits does not matter."""
    return _end(one) < _start(other) or _end(other) < _start(one)


def _start(span: Span) -> tuple[int, int]:
    return span.line, span.column


def _end(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column
