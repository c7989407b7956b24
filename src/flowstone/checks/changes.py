"""Fixes as changes that are tried together, and which of them is likely to be to blame if that goes wrong."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence, Set

from msgspec import Struct

from flowstone.diagnostics.diagnostic import Diagnostic, Edit


class Change(Struct, frozen=True):
    """Edits, and the findings whose fix they all are."""

    edits: tuple[Edit, ...]
    findings: tuple[Diagnostic, ...]

    @property
    def key(self) -> Hashable:
        """What is the same when the text around it has changed."""
        return tuple(edit.text for edit in self.edits), tuple(map(key_of, self.findings))


def key_of(item: Diagnostic) -> Hashable:
    """What is the same of a finding when the text around it has changed: its lines are not."""
    return item.code, item.span.file, item.message


def changes_of(findings: Iterable[Diagnostic], files: Set[str]) -> list[Change]:
    """The fixes that change these files only, in the order of their findings, equal ones together."""
    together: dict[tuple[Edit, ...], list[Diagnostic]] = {}
    for item in findings:
        if item.fix is not None and all(edit.span.file in files for edit in item.fix.edits):
            together.setdefault(tuple(sorted(item.fix.edits)), []).append(item)
    return [Change(edits, tuple(items)) for edits, items in together.items()]


def parts(changes: Sequence[Change], bad: Sequence[Diagnostic]) -> Iterator[Sequence[Change]]:
    """The parts in which changes that went wrong together are tried: those that seem to be innocent first.

    ``bad`` are the findings that are there afterwards and should not be.
    """
    suspects = _suspects(changes, bad)
    innocent = [change for place, change in enumerate(changes) if place not in suspects]
    if innocent and suspects:
        yield innocent
        yield [changes[place] for place in sorted(suspects)]
    elif suspects:
        yield from ([change] for change in changes)
    else:
        half = len(changes) // 2
        yield changes[:half]
        yield changes[half:]


def _suspects(changes: Sequence[Change], bad: Iterable[Diagnostic]) -> set[int]:
    """Places of the changes that are nearest to a finding that should not be there, or that do not put theirs right."""
    lines = _lines_afterwards(changes)
    keys = {key_of(item): place for place, change in enumerate(changes) for item in change.findings}
    found = set()
    for item in bad:
        near = lines.get(item.span.file, [])
        if key_of(item) in keys:
            found.add(keys[key_of(item)])
        elif near:
            found.add(min(near, key=lambda pair: abs(pair[0] - item.span.line))[1])
    return found


def _lines_afterwards(changes: Sequence[Change]) -> dict[str, list[tuple[int, int]]]:
    """The lines on which the edits stand in each file when all are carried out, with the place of their change."""
    found: dict[str, list[tuple[int, int]]] = {}
    moved: dict[str, int] = {}
    pairs = [(edit, place) for place, change in enumerate(changes) for edit in change.edits]
    for edit, place in sorted(pairs, key=lambda pair: pair[0].span):
        file, shift = edit.span.file, moved.get(edit.span.file, 0)
        found.setdefault(file, []).append((edit.span.line + shift, place))
        moved[file] = shift + edit.text.count("\n") - (edit.span.end_line - edit.span.line)
    return found
