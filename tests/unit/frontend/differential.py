"""What Python declares when it imports a project, beside what the front end says that it declares."""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any
from unittest import mock

from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.dsl.decorators import DECLARATIONS
from flowstone.dsl.job import Job
from flowstone.frontend.findings import Findings
from flowstone.frontend.loader import Front, room
from flowstone.frontend.lower import Lowering
from flowstone.frontend.modules import ModuleIndex

Facts = dict[tuple[str, str], dict[str, Any]]
"""Keywords and defaults of each declaration, by kind and id."""


@dataclass(frozen=True)
class Seen:
    """What the front end says."""

    facts: Facts
    findings: tuple[Diagnostic, ...]


@dataclass
class Ran:
    """What happened when Python imported the modules."""

    facts: Facts = field(default_factory=dict)
    error: BaseException | None = None


def see(root: Path) -> Seen:
    """The front end's view of the project in a folder."""
    settings = Settings(name="demo", root=root, home=root / ".flowstone", sources=(".",))
    findings = Findings()
    index = ModuleIndex(root, settings.import_roots, findings)
    with room():
        front = Front(settings, index, findings, fingerprints=False)
        drafts = front.drafts(index.add_sources(settings.sources))
        lowering = Lowering(drafts, front.evaluator, front._annotations, None, "local", findings)
        facts: Facts = {}
        for draft in [*drafts.steps.values(), *drafts.resources.values(), *drafts.checks]:
            signature = lowering._signature(draft)
            defaults = {item.name: item.default for item in signature.config}
            facts[draft.declared.kind, draft.id] = {**draft.keywords.values, "defaults": defaults}
        for item in front.reader.jobs:
            job = front.evaluator.evaluate(item.call, item.scope)
            facts["job", job.name] = vars(job)
    return Seen(facts, findings.sorted(index.texts))


def run(root: Path) -> Ran:
    """Import every module below a folder, and note what that declares."""
    ran = Ran()
    jobs: list[Job] = []
    original = Job.__init__

    def note(job: Job, *arguments: Any, **keywords: Any) -> None:
        original(job, *arguments, **keywords)
        jobs.append(job)

    names = sorted(_module_names(root))
    with _importing(root), mock.patch.object(Job, "__init__", note):
        modules = []
        for name in names:
            try:
                modules.append(importlib.import_module(name))
            except Exception as error:  # noqa: BLE001 - whatever a module raises
                ran.error = error
        for module in modules:
            for (kind, name), function in vars(module).get(DECLARATIONS, {}).items():
                ran.facts[kind, name] = {**function.__flowstone__.keywords, "defaults": _defaults(function)}
    for job in jobs:
        ran.facts["job", job.name] = vars(job)
    return ran


def _defaults(function: Any) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    return {item.name: item.default for item in parameters if item.default is not item.empty}


def _module_names(root: Path) -> Iterator[str]:
    for path in root.rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@contextmanager
def _importing(root: Path) -> Iterator[None]:
    before, path = set(sys.modules), list(sys.path)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        with warnings.catch_warnings(), mock.patch.object(sys, "dont_write_bytecode", new=True):
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.path[:] = path
        names = {name.partition(".")[0] for name in _module_names(root)}
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in names:
                del sys.modules[name]


def plain(value: Any) -> Any:
    """A value in a form in which both sides can be compared; types of numbers and texts count."""
    match value:
        case Mapping():
            return {"dict": [(plain(key), plain(item)) for key, item in value.items()]}
        case list() | tuple():
            return [plain(item) for item in value]
        case str():
            return ("str", str.__str__(value))
        case bool() | None:
            return value
        case int() if not isinstance(value, Enum) or type(value).__mro__[1] is not object:
            return ("int", int(value))
        case float():
            return ("float", repr(value))
    return value


def differences(seen: Seen, ran: Ran) -> list[str]:
    """What the two sides disagree about."""
    found = [f"only seen: {key}" for key in seen.facts.keys() - ran.facts.keys()]
    found += [f"only run: {key}" for key in ran.facts.keys() - seen.facts.keys()]
    for key in seen.facts.keys() & ran.facts.keys():
        ours, theirs = plain(seen.facts[key]), plain(ran.facts[key])
        if ours != theirs:
            found.append(f"{key}: seen {seen.facts[key]!r}, run {ran.facts[key]!r}")
    return sorted(found)
