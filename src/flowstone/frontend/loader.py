"""The front end from end to end: settings in, project and findings out."""

from __future__ import annotations

import gc
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.frontend.annotations import Annotations
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.declarations import DeclaredJob
from flowstone.frontend.drafts import Drafts, make_drafts
from flowstone.frontend.duplicates import check_duplicate_functions
from flowstone.frontend.findings import Findings
from flowstone.frontend.fingerprint import Fingerprints
from flowstone.frontend.jobs import lower_jobs
from flowstone.frontend.leftovers import check_imports, check_leftovers
from flowstone.frontend.lower import Lowering
from flowstone.frontend.modules import Module, ModuleIndex
from flowstone.frontend.names import Names
from flowstone.frontend.pins import read_pins
from flowstone.frontend.reader import Reader
from flowstone.ir.asset import Asset, Step
from flowstone.ir.job import Job
from flowstone.ir.project import IoManagerConfig, Project

_STACK = 20_000
"""Frames that nested source may take. Python's own calls need no stack of the machine."""
_DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Loaded:
    """What the front end found."""

    project: Project
    diagnostics: tuple[Diagnostic, ...]
    """By place."""
    sources: dict[str, str]
    """Text of every file that was read, by path relative to the project's folder."""


def load(settings: Settings, *, fingerprints: bool = True) -> Loaded:
    """Read a project's sources. Mistakes in them become diagnostics; what has none is in the project.

    Without ``fingerprints`` every ``code`` is empty: no rule asks for it, and it takes a fifth of the time.
    """
    findings = Findings()
    index = ModuleIndex(settings.root, settings.import_roots, findings)
    with _room():
        modules = index.add_sources(settings.sources)
        project = _Front(settings, index, findings, fingerprints=fingerprints).project(modules)
    return Loaded(project, findings.sorted(), index.texts)


@contextmanager
def _room() -> Iterator[None]:
    """Room for deeply nested source, and no garbage collection: syntax trees are many objects, and all stay."""
    depth, collecting = sys.getrecursionlimit(), gc.isenabled()
    sys.setrecursionlimit(max(depth, _STACK))
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of the user's expressions
            yield
    finally:
        sys.setrecursionlimit(depth)
        if collecting:
            gc.enable()


class _Front:
    def __init__(self, settings: Settings, index: ModuleIndex, findings: Findings, *, fingerprints: bool) -> None:
        self._settings = settings
        self._wants_fingerprints = fingerprints
        self._index = index
        self._findings = findings
        self._names = Names(index)
        self._evaluator = Evaluator(self._names)
        self._annotations = Annotations(self._names)

    def project(self, modules: Sequence[Module]) -> Project:
        reader = self._read(modules)
        drafts = make_drafts(reader.declared, self._evaluator, self._findings)
        drafts.hidden.update(self._broken_names(modules))
        project = self._lower(drafts, _files(reader))
        return project.model_copy(update={"jobs": self._jobs(reader.jobs, project)})

    def _read(self, modules: Sequence[Module]) -> Reader:
        reader = Reader(self._names, self._evaluator, self._findings)
        for module in modules:
            check_imports(module, self._names, self._findings)
            reader.read(module)
        for module in modules:
            check_leftovers(module, self._names, reader, self._findings)
        check_duplicate_functions(reader.declared, self._names, self._findings)
        return reader

    def _broken_names(self, modules: Sequence[Module]) -> Iterator[str]:
        """Functions in files that could not be parsed: that these are missing is no finding of its own."""
        read = {module.path for module in modules}
        for path, text in self._index.texts.items():
            if path not in read and not self._index.is_parsed(path):
                yield from _DEFINITION.findall(text)

    def _lower(self, drafts: Drafts, sources: tuple[str, ...]) -> Project:
        settings = self._settings
        fingerprints = None
        if self._wants_fingerprints:
            fingerprints = Fingerprints(self._names, read_pins(settings.root, settings.requirements))
        lowering = Lowering(
            drafts,
            self._evaluator,
            self._annotations,
            fingerprints,
            settings.default_io_manager,
            self._findings,
        )
        steps: dict[str, Step] = {}
        assets: dict[str, Asset] = {}
        for draft in drafts.steps.values():
            steps[draft.id] = lowering.step(draft)
            made = lowering.assets(draft, steps[draft.id].signature)
            assets.update((asset.id, asset) for asset in made if drafts.assets[asset.id] is draft)
        checks = [check for draft in drafts.checks if (check := lowering.check(draft)) is not None]
        return Project(
            name=settings.name,
            profile=settings.profile,
            import_roots=settings.import_roots,
            sources=sources,
            steps=_ordered(steps, assets),
            assets=assets,
            checks=tuple(checks),
            resources={draft.name: lowering.resource(draft) for draft in drafts.resources.values()},
            classes=dict(sorted(self._annotations.classes.items())),
            io_managers={
                name: IoManagerConfig(type=manager.type, options=dict(manager.options))
                for name, manager in settings.io_managers.items()
            },
            params={name: dict(values) for name, values in settings.params.items()},
        )

    def _jobs(self, declared: Sequence[DeclaredJob], project: Project) -> dict[str, Job]:
        return lower_jobs(declared, project, self._evaluator, self._findings)


def _files(reader: Reader) -> tuple[str, ...]:
    """The files that hold declarations, or run the factories that make them."""
    found = {module.path for item in reader.declared for module in (item.scope.module, item.runs_in)}
    return tuple(sorted(found | {job.scope.module.path for job in reader.jobs}))


def _ordered(steps: dict[str, Step], assets: dict[str, Asset]) -> dict[str, Step]:
    """The steps in topological order, ties in source order; source order if there is a cycle."""
    needs = {
        step.id: {
            assets[item.asset].step
            for item in step.signature.dependencies
            if item.asset in assets and assets[item.asset].step != step.id
        }
        for step in steps.values()
    }
    place = {step: number for number, step in enumerate(steps)}
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError:
        return steps
    found: dict[str, Step] = {}
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        found.update((step, steps[step]) for step in ready)
        sorter.done(*ready)
    return found
