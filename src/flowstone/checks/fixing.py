"""Fixes carried out on the texts of a project, each proved by checking the result before anything is written.

A fix is taken only if its finding is gone afterwards and no finding has come that was not there. When nothing more can
be taken, every fix that is left has been refused for the very texts that are the result: fixing those again changes
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from flowstone.checks.engine import find_all
from flowstone.diagnostics.diagnostic import Diagnostic, Edit
from flowstone.fixes.edits import Room, apply_all
from flowstone.frontend import load

if TYPE_CHECKING:
    from flowstone.config.model import Settings

Test = Callable[[Diagnostic], bool]
_Key = tuple[str, str, str]


@dataclass(frozen=True)
class State:
    """A project as some texts make it."""

    texts: dict[str, str]
    """Of the sources, by path."""
    findings: tuple[Diagnostic, ...]
    """All of them, whatever is shown."""
    assets: int


@dataclass(frozen=True)
class Outcome:
    """What fixing has come to."""

    before: State
    after: State
    fixed: tuple[Diagnostic, ...]
    """The findings that were put right."""

    @property
    def changed(self) -> dict[str, str]:
        """The new texts of the files that have changed, by path."""
        return {
            path: text for path, text in sorted(self.after.texts.items()) if text != self.before.texts.get(path, text)
        }


def read_state(settings: Settings, texts: Mapping[str, str]) -> State:
    """The project with some texts instead of what the files hold."""
    loaded = load(settings, fingerprints=False, texts=texts)
    return State({**texts, **loaded.sources}, find_all(loaded, settings), len(loaded.project.assets))


def fix_findings(
    settings: Settings, allowed: Test, counts: Test, texts: Mapping[str, str] = MappingProxyType({})
) -> Outcome:
    """Carry out the fixes of all findings that are allowed, in memory only.

    ``texts`` are taken instead of what the files hold. Findings that do not count may come by a fix. Files outside of
    the project's folder, and those that are reached by two paths, are left alone.
    """
    start = read_state(settings, texts)
    fixing = _Fixing(settings, start, counts)
    own = _own_files(settings.root, start.texts)
    while fixing.once(_changes(fixing.state.findings, allowed, own)):
        pass  # each turn leaves fewer findings than there were, so that this ends
    return Outcome(start, fixing.state, tuple(fixing.fixed))


@dataclass(frozen=True)
class _Change:
    """Edits, and the findings whose fix they all are."""

    edits: tuple[Edit, ...]
    findings: tuple[Diagnostic, ...]


def _own_files(root: Path, paths: Iterable[str]) -> frozenset[str]:
    """The files inside the project's folder that have one path only, symbolic links followed."""
    inside = root.resolve()
    real = {path: (root / path).resolve() for path in paths}
    times = Counter(real.values())
    return frozenset(path for path, where in real.items() if times[where] == 1 and where.is_relative_to(inside))


def _changes(findings: Iterable[Diagnostic], allowed: Test, files: Set[str]) -> list[_Change]:
    """The fixes of these files in the order of their findings, equal ones together."""
    together: dict[tuple[Edit, ...], list[Diagnostic]] = {}
    for item in findings:
        if item.fix is not None and allowed(item) and all(edit.span.file in files for edit in item.fix.edits):
            together.setdefault(tuple(sorted(item.fix.edits)), []).append(item)
    return [_Change(edits, tuple(items)) for edits, items in together.items()]


class _Fixing:
    """A project that gets better."""

    def __init__(self, settings: Settings, state: State, counts: Test) -> None:
        self._settings = settings
        self._counts = counts
        self.state = state
        self.fixed: list[Diagnostic] = []

    def once(self, changes: Sequence[_Change]) -> bool:
        """Take what can be taken of the changes to the present texts; whether anything was."""
        room = Room()
        apart = [change for change in changes if room.take(change.edits)]
        crowded = [change for change in changes if change not in apart]
        return self._take(apart) or any(self._take([change]) for change in crowded)

    def _take(self, changes: Sequence[_Change]) -> bool:
        """Take as many of these changes as is good. Once some are taken, the places of others hold no longer."""
        if not changes:
            return False
        state = self._after(changes)
        bad = self._worse(state, changes)
        if not bad:
            self.state = state
            self.fixed += [item for change in changes for item in change.findings]
            return True
        if len(changes) == 1:
            return False
        innocent = [change for change in changes if not _is_suspect(change, bad)]
        first = innocent if 0 < len(innocent) < len(changes) else changes[: len(changes) // 2]
        return self._take(first) or self._take([change for change in changes if change not in first])

    def _worse(self, after: State, changes: Sequence[_Change]) -> Counter[_Key]:
        """The findings that should be gone and are not, and those that have come."""
        left = self._count(self.state.findings)
        left.subtract(self._count(item for change in changes for item in change.findings))
        return self._count(after.findings) - left

    def _count(self, findings: Iterable[Diagnostic]) -> Counter[_Key]:
        return Counter(_key(item) for item in findings if self._counts(item))

    def _after(self, changes: Sequence[_Change]) -> State:
        edits = [edit for change in changes for edit in change.edits]
        return read_state(self._settings, {**self.state.texts, **apply_all(self.state.texts, edits)})


def _is_suspect(change: _Change, bad: Counter[_Key]) -> bool:
    """Whether findings that should not be there are likely to be due to a change."""
    files = {file for _, file, _ in bad}
    return any(edit.span.file in files for edit in change.edits) or any(_key(item) in bad for item in change.findings)


def _key(item: Diagnostic) -> _Key:
    """What is the same of a finding when the text around it has changed: its lines are not."""
    return item.code, item.span.file, item.message
