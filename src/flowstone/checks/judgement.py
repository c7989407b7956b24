"""All findings of a project, and those of what it has become: rules that look near are asked about the changes only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from flowstone.checks.catalog import all_rules
from flowstone.checks.engine import apply, subject_of, together
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.checks.vicinity import Vicinity, differing
from flowstone.diagnostics.diagnostic import Diagnostic

if TYPE_CHECKING:
    from flowstone.config.model import Settings
    from flowstone.frontend import Loaded


@dataclass(frozen=True)
class Judgement:
    """A project that was judged."""

    loaded: Loaded
    settings: Settings
    diagnostics: tuple[Diagnostic, ...]
    """All findings, by place, as ``find_all`` gives them."""
    near: tuple[Diagnostic, ...]
    """What the rules found that look near."""
    subject: Subject
    """What the rules looked at."""


def judge(loaded: Loaded, settings: Settings, before: Judgement | None = None) -> Judgement:
    """All findings of a project. With the judgement of an earlier state of it they take a fraction of the time."""
    if before is not None and before.settings != settings:
        before = None
    subject = subject_of(loaded, settings)
    if before is not None:
        subject = replace(subject, known_options=before.subject.read_options)
    near = tuple(_near(subject, before))
    found = together(loaded, chain(near, apply(_rules("project"), subject)))
    return Judgement(loaded, settings, found, near, replace(subject, known_options=subject.read_options))


def recalled(loaded: Loaded, settings: Settings, near: tuple[Diagnostic, ...]) -> Judgement:
    """A judgement of which only what rules found that look near was kept: enough for the next one."""
    return Judgement(loaded, settings, (), near, subject_of(loaded, settings))


def _rules(scope: str) -> list[Rule]:
    return [rule for rule in all_rules() if rule.scope == scope]


def _near(subject: Subject, before: Judgement | None) -> Iterator[Diagnostic]:
    changed = None if before is None else differing(before.loaded.project, subject.project)
    if before is None or changed is None:
        yield from apply(_rules("near"), subject)
        return
    stale = _stale(before.near, _edited(subject, before.subject))
    vicinity = Vicinity(subject.project, replace(changed, files=changed.files | stale))
    yield from (item for item in before.near if item.span.file not in vicinity.files)
    found = apply(_rules("near"), subject.of(vicinity.project()))
    yield from (item for item in found if item.span.file in vicinity.files)


def _stale(found: Iterable[Diagnostic], edited: set[str]) -> frozenset[str]:
    """The files with findings whose fix was made of a text that is another now."""
    return frozenset(
        item.span.file
        for item in found
        if item.fix is not None
        and not edited.isdisjoint([item.span.file, *(edit.span.file for edit in item.fix.edits)])
    )


def _edited(subject: Subject, before: Subject) -> set[str]:
    """The files whose text is another: a fix is one of a certain text."""
    return {file for file, text in subject.texts.items() if before.texts.get(file) != text}
