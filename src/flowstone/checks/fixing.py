"""Fixes carried out on the texts of a project, each proved by checking the result before anything is written.

A fix is taken only if its finding is gone afterwards and no finding has come that was not there. When nothing more can
be taken, every fix that is left has been refused for the very texts that are the result: fixing those again changes
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from flowstone.checks.changes import Change, changes_of, key_of, parts
from flowstone.checks.judgement import Judgement, judge
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.fixes.edits import Room, apply_all
from flowstone.frontend import load, update

if TYPE_CHECKING:
    from flowstone.config.model import Settings

Test = Callable[[Diagnostic], bool]


class State(Struct, frozen=True):
    """A project as some texts make it."""

    judgement: Judgement
    texts: dict[str, str]
    """Of the sources, by path."""

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """All of them, whatever is shown."""
        return self.judgement.diagnostics

    @property
    def assets(self) -> int:
        """How many there are."""
        return len(self.judgement.loaded.project.assets)


class Outcome(Struct, frozen=True):
    """What fixing has come to."""

    before: State
    after: State
    fixed: tuple[Diagnostic, ...]
    """The findings that were put right."""

    @property
    def changed(self) -> dict[str, str]:
        """The new texts of the files that have changed, by path."""
        before, after = self.before.texts, self.after.texts
        return {path: text for path, text in sorted(after.items()) if text != before.get(path, text)}


def read_state(
    settings: Settings, before: State | None = None, texts: Mapping[str, str] = MappingProxyType({})
) -> State:
    """The project as it is, or as it was in another state, with some texts instead of what the files hold."""
    if before is None:
        loaded = load(settings, fingerprints=False, texts=texts)
        return State(judge(loaded, settings), {**texts, **loaded.sources})
    now = {**before.texts, **texts}
    loaded = update(before.judgement.loaded, settings, now)
    return State(judge(loaded, settings, before.judgement), {**now, **loaded.sources})


def fix_findings(
    settings: Settings, allowed: Test, counts: Test, texts: Mapping[str, str] = MappingProxyType({})
) -> Outcome:
    """Carry out the fixes of all findings that are allowed, in memory only.

    ``texts`` are taken instead of what the files hold. Findings that do not count may come by a fix. Files outside of
    the project's folder, and those that are reached by two paths, are left alone.
    """
    start = read_state(settings, texts=texts)
    own = _own_files(settings.root, start.texts)
    fixing = _Fixing(settings, start, counts)
    while fixing.once(changes_of((item for item in fixing.state.findings if allowed(item)), own)):
        pass  # what is taken leaves fewer findings than there were, so that this ends
    return Outcome(start, fixing.state, tuple(fixing.fixed))


def _own_files(root: Path, paths: Iterable[str]) -> frozenset[str]:
    """The files inside the project's folder that have one path only, symbolic links followed."""
    inside = root.resolve()
    real = {path: (root / path).resolve() for path in paths}
    times = Counter(real.values())
    return frozenset(path for path, where in real.items() if times[where] == 1 and where.is_relative_to(inside))


class _Fixing:
    """A project that gets better."""

    def __init__(self, settings: Settings, state: State, counts: Test) -> None:
        self._settings = settings
        self._counts = counts
        self._refused: dict[Hashable, State] = {}
        """The state for which each change was last refused."""
        self.state = state
        self.fixed: list[Diagnostic] = []

    def once(self, changes: Sequence[Change]) -> bool:
        """Take what can be taken of the changes to the present texts; whether anything was.

        If nothing was, each of them has been refused for these very texts.
        """
        fresh = [change for change in changes if change.key not in self._refused]
        room = Room()
        apart = [change for change in fresh if room.take(change.edits)]
        crowded = [change for change in fresh if change not in apart]
        if self._take(apart) or any(self._take([change]) for change in crowded):
            return True
        stale = [change for change in changes if self._refused[change.key] is not self.state]
        return any(self._take([change]) for change in stale)

    def _take(self, changes: Sequence[Change]) -> bool:
        """Take as many of these changes as is good. Once some are taken, the places of others hold no longer."""
        if not changes:
            return False
        state = self._after(changes)
        bad = self._bad(state, changes)
        if not bad:
            self.state = state
            self.fixed += [item for change in changes for item in change.findings]
            return True
        if len(changes) == 1:
            self._refused[changes[0].key] = self.state
            return False
        return any(map(self._take, parts(changes, bad)))

    def _bad(self, after: State, changes: Sequence[Change]) -> list[Diagnostic]:
        """The findings that should be gone and are not, and those that have come."""
        left = self._count(self.state.findings)
        left.subtract(self._count(item for change in changes for item in change.findings))
        more = self._count(after.findings) - left
        return [item for item in after.findings if key_of(item) in more]

    def _count(self, findings: Iterable[Diagnostic]) -> Counter[Hashable]:
        return Counter(key_of(item) for item in findings if self._counts(item))

    def _after(self, changes: Sequence[Change]) -> State:
        edits = [edit for change in changes for edit in change.edits]
        return read_state(self._settings, self.state, apply_all(self.state.texts, edits))
