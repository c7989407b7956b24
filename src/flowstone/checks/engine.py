"""Runs the rules over a loaded project and puts their findings together with those of the front end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flowstone.checks.catalog import all_rules
from flowstone.checks.policy import policy
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.checks.suppress import suppress
from flowstone.diagnostics.diagnostic import Diagnostic, Severity
from flowstone.fixes.source import Sources

if TYPE_CHECKING:
    from flowstone.config.model import Settings
    from flowstone.frontend import Loaded

TARGETS_WITH_SETTINGS = ("airflow", "prefect", "local")


def run_checks(loaded: Loaded, settings: Settings) -> tuple[Diagnostic, ...]:
    """What a command that acts on a project has to know, by place: all findings that the settings show.

    Errors: UsageError if the settings name no code, or ignore what cannot be ignored.
    """
    return policy(settings).apply(find_all(loaded, settings))


def find_all(loaded: Loaded, settings: Settings) -> tuple[Diagnostic, ...]:
    """All findings, by place: those of the front end, of the rules, and of comments that hide nothing."""
    return together(loaded, apply(all_rules(), subject_of(loaded, settings)))


def subject_of(loaded: Loaded, settings: Settings) -> Subject:
    """What the rules look at."""
    return Subject(
        loaded.project,
        texts=loaded.sources,
        origins=settings.origins,
        config_file=_relative(settings),
        configured_targets=_configured(settings),
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


def _configured(settings: Settings) -> tuple[str, ...]:
    """The targets for which something is configured: code is meant to be generated for them."""
    return tuple(
        target for target in TARGETS_WITH_SETTINGS if settings.origins.get(f"{target}.output", "default") != "default"
    )
