"""All findings of a project, and those of what it has become: rules that look near are asked about the changes only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from flowstone.checks.catalog import rules_of
from flowstone.checks.engine import apply, subject_of, together
from flowstone.checks.outside import same_outside
from flowstone.checks.subject import Subject
from flowstone.checks.vicinity import Vicinity, differing
from flowstone.diagnostics.diagnostic import Diagnostic, spans

if TYPE_CHECKING:
    from flowstone.config.model import Settings
    from flowstone.frontend import Loaded


class Judgement(Struct, frozen=True):
    """A project that was judged."""

    loaded: Loaded
    settings: Settings
    diagnostics: tuple[Diagnostic, ...]
    """All findings, by place, as ``find_all`` gives them."""
    near: tuple[Diagnostic, ...]
    """What the rules found that look near."""
    far: tuple[Diagnostic, ...]
    """What the other rules found."""
    subject: Subject
    """What the rules looked at."""


def judge(loaded: Loaded, settings: Settings, before: Judgement | None = None) -> Judgement:
    """All findings of a project. With the judgement of an earlier state of it they take a fraction of the time."""
    if before is not None and before.settings != settings:
        before = None
    subject = subject_of(loaded, settings)
    if before is not None:
        subject = replace(subject, known_options=before.subject.known_options or before.subject.read_options)
    vicinity = None if before is None else _vicinity(subject, before)
    if before is None or vicinity is None:
        near = tuple(apply(rules_of("near"), subject))
    else:
        near = tuple(_near(subject, before, vicinity))
    far = before.far if before and _far_stays(subject, before) else tuple(apply(rules_of("graph"), subject))
    found = together(loaded, chain(near, far))
    return Judgement(loaded, settings, found, near, far, replace(subject, known_options=subject.read_options))


def judge_cutout(loaded: Loaded, before: Judgement) -> Judgement | None:
    """As ``judge`` with an earlier state, if of both states only a part is there: what has changed, what uses it, and
    what these use. What is recalled of the earlier state are the findings of the whole.

    None if rules that look further might find something else.
    """
    subject = subject_of(loaded, before.settings)
    vicinity = _vicinity(subject, before)
    if vicinity is None or _reaches_resources(vicinity):
        return None
    edited = _edited(subject, before.subject)
    if not _stale(before.near, edited) <= edited or not _far_stays(subject, before):
        return None
    near = tuple(_near(subject, before, vicinity))
    found = together(loaded, chain(near, before.far))
    return Judgement(loaded, before.settings, found, near, before.far, subject)


def recalled(
    loaded: Loaded, settings: Settings, near: tuple[Diagnostic, ...], far: tuple[Diagnostic, ...]
) -> Judgement:
    """A judgement of which only what rules found was kept: enough for the next one."""
    return Judgement(loaded, settings, (), near, far, subject_of(loaded, settings))


def _far_stays(subject: Subject, before: Judgement) -> bool:
    """Whether rules about the graph find what they found before, at the same places."""
    was = before.subject
    if subject.complete != was.complete or subject.texts.keys() != was.texts.keys():
        return False
    edited = _edited(subject, was)
    return not any(span.file in edited for span in spans(before.far)) and same_outside(was.project, subject.project)


def _vicinity(subject: Subject, before: Judgement) -> Vicinity | None:
    """Where rules that look near may find something else; None if they may anywhere."""
    changed = differing(before.loaded.project, subject.project)
    if changed is None:
        return None
    stale = _stale(before.near, _edited(subject, before.subject))
    return Vicinity(subject.project, replace(changed, files=changed.files | stale))


def _near(subject: Subject, before: Judgement, vicinity: Vicinity) -> Iterator[Diagnostic]:
    yield from (item for item in before.near if item.span.file not in vicinity.files)
    found = apply(rules_of("near"), subject.of(vicinity.project()))
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


def _reaches_resources(vicinity: Vicinity) -> bool:
    """Whether it matters who uses a resource, which a part of a project does not tell."""
    declared = (item.location.file for item in vicinity.whole.resources.values())
    return bool(vicinity.changed.used) or not vicinity.files.isdisjoint(declared)
