"""Runs the rules over a loaded project and puts their findings together with those of the front end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from flowstone.checks.catalog import all_rules
from flowstone.checks.policy import configured_targets, is_fixed, policy
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.checks.suppress import suppress
from flowstone.diagnostics.diagnostic import Diagnostic, Severity
from flowstone.fixes.source import Sources
from flowstone.targets.refusals import CODE, CONFIGURATION

if TYPE_CHECKING:
    from flowstone.config.model import Settings
    from flowstone.frontend import Loaded
    from flowstone.targets.versions import ChosenTarget


def run_checks(loaded: Loaded, settings: Settings) -> tuple[Diagnostic, ...]:
    """What a command that acts on a project has to know, by place: all findings that the settings show.

    Errors: UsageError if the settings name no code, or ignore what cannot be ignored.
    """
    return policy(settings).apply(find_all(loaded, settings))


def find_all(loaded: Loaded, settings: Settings, target: ChosenTarget | None = None) -> tuple[Diagnostic, ...]:
    """All findings, by place: those of the front end, of the rules, and of comments that hide nothing.

    With a target also what that refuses, if nothing else keeps the project from being compiled.
    """
    subject = subject_of(loaded, settings)
    found = list(apply(all_rules(), subject))
    if target is not None and can_be_compiled((*loaded.diagnostics, *found)):
        refused = placed(target.check(loaded.project), subject)
        places = {(item.code, item.span) for item in refused}
        found = [*refused, *(item for item in found if (item.code, item.span) not in places)]
    return together(loaded, found)


def can_be_compiled(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether nothing is among the findings that no target could do."""
    return not any(is_fixed(item) and item.code != CODE for item in diagnostics)


def placed(refusals: Iterable[Diagnostic], subject: Subject) -> list[Diagnostic]:
    """What a target refuses; what is about the configuration stands in its file."""
    place = subject.configured("name")
    return [replace(item, span=place) if item.span == CONFIGURATION else item for item in refusals]


def subject_of(loaded: Loaded, settings: Settings) -> Subject:
    """What the rules look at."""
    return Subject(
        loaded.project,
        texts=loaded.sources,
        origins=settings.origins,
        config_file=_relative(settings),
        configured_targets=configured_targets(settings),
        complete=not any(item.severity is Severity.ERROR for item in loaded.diagnostics),
    )


def apply(rules: Iterable[Rule], subject: Subject) -> Iterator[Diagnostic]:
    """What the rules find, rule by rule, with their fixes of the sources."""
    sources = Sources(subject.texts)
    for rule in rules:
        if rule.check is not None:
            for finding in rule.check(subject):
                yield finding.diagnostic(rule.code, rule.severity, sources)


def together(loaded: Loaded, of_rules: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """All findings by place, each once; where the front end has found the same mistake as a rule, in its words."""
    seen = {(item.code, item.span) for item in loaded.diagnostics}
    distinct = {(item.code, item.span, item.message): item for item in of_rules if (item.code, item.span) not in seen}
    found = suppress([*loaded.diagnostics, *distinct.values()], loaded.sources)
    return tuple(sorted(found, key=lambda item: item.sort_key))


def _relative(settings: Settings) -> str:
    """The configuration file as diagnostics name it."""
    file = settings.config_file
    if file is None:
        return "flowstone.toml"
    return file.relative_to(settings.root).as_posix() if file.is_relative_to(settings.root) else file.as_posix()
