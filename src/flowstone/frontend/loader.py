"""The front end from end to end: settings in, project and findings out."""

from __future__ import annotations

import gc
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from graphlib import CycleError, TopologicalSorter

from msgspec import Struct, field

from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import Diagnostic
from flowstone.frontend.annotations import Annotations
from flowstone.frontend.bodies.on_import import import_facts
from flowstone.frontend.bodies.read import Bodies
from flowstone.frontend.bodies.secret_facts import secret_facts
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.drafts import Draft, Drafts, make_drafts
from flowstone.frontend.duplicates import check_duplicate_functions
from flowstone.frontend.facts import FileFacts, Name, hidden_names, name_of
from flowstone.frontend.findings import Findings, merged
from flowstone.frontend.fingerprint import Fingerprints
from flowstone.frontend.jobs import lower_jobs
from flowstone.frontend.leftovers import check_decorators, check_imports, check_leftovers
from flowstone.frontend.lower import Lowering
from flowstone.frontend.modules import Module, ModuleIndex
from flowstone.frontend.names import Names
from flowstone.frontend.pins import read_pins
from flowstone.frontend.reader import Reader
from flowstone.frontend.source_files import source_files
from flowstone.ir.asset import Asset, Check, Resource, Step
from flowstone.ir.body import BodyFact
from flowstone.ir.project import IoManagerConfig, Project
from flowstone.ir.registries import registries_of
from flowstone.ir.sensor import Sensor
from flowstone.ir.source import SourceFile
from flowstone.ir.types import ClassInfo
from flowstone.patterns import pattern

_STACK = 20_000
"""Frames that nested source may take. Python's own calls need no stack of the machine."""
_DEFINITION = pattern(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


class Loaded(Struct, frozen=True):
    """What the front end found."""

    project: Project
    diagnostics: tuple[Diagnostic, ...]
    """By place."""
    sources: dict[str, str]
    """Text of every file that was read, by path relative to the project's folder."""
    files: Mapping[str, FileFacts] = field(default_factory=dict)
    """Facts of the source files by path, in the order in which they were read; of broken ones too."""
    found: Mapping[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    """The diagnostics by the path of the file whose reading gave them; what is about the project by no path."""
    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Names of declarations that each file left out because of a finding."""
    effort: float = 0.0
    """The part that reading took of what is granted to a project for loops, factories and constants, from 0 to 1."""
    searched: frozenset[str] = frozenset()
    """The folders in which modules were looked for, by path relative to the project's folder; import roots left out."""
    is_cutout: bool = False
    """Of the project only the nodes of some files are there, and no jobs; there are no diagnostics."""


def load(settings: Settings, *, fingerprints: bool = True, texts: Mapping[str, str] | None = None) -> Loaded:
    """Read a project's sources. Mistakes in them become diagnostics; what has none is in the project.

    ``texts`` are taken instead of what the files hold, by path relative to the project's folder, with one line feed as
    line end; the files need not be there. Without ``fingerprints`` every ``code`` is empty: no rule asks for it, and it
    takes a fifth of the time.
    """
    findings = Findings()
    index = ModuleIndex(settings.root, settings.import_roots, findings, texts)
    with room():
        modules = index.add_sources(settings.sources)
        front = Front(settings, index, findings, fingerprints=fingerprints)
        drafts = front.drafts(modules)
        project = front.project(drafts)
    return Loaded(
        project,
        merged(found := findings.by_owner(index.texts)),
        index.texts,
        front.facts(drafts),
        found,
        hidden_names(drafts),
        front.effort,
        index.searched,
    )


@contextmanager
def room() -> Iterator[None]:
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


class Nodes(Struct, frozen=True):
    """What modules declare, jobs left out, in the order of the sources."""

    steps: dict[str, Step]
    assets: dict[str, Asset]
    checks: tuple[Check, ...]
    resources: dict[str, Resource]
    sensors: dict[str, Sensor]
    classes: dict[str, ClassInfo]
    bodies: dict[str, tuple[BodyFact, ...]]
    """By the module that declares them."""
    imports: dict[str, tuple[str, ...]]
    """Paths of modules, by the path of the one that imports them."""


class Front:
    """The parts of the front end put together, for one reading of all modules or some."""

    def __init__(self, settings: Settings, index: ModuleIndex, findings: Findings, *, fingerprints: bool) -> None:
        self._settings = settings
        self._wants_fingerprints = fingerprints
        self._index = index
        self._findings = findings
        self._names = Names(index)
        self.evaluator = Evaluator(self._names)
        self._annotations = Annotations(self._names)
        self.reader = Reader(self._names, self.evaluator, findings)
        self._modules: tuple[Module, ...] = ()

    @property
    def effort(self) -> float:
        """The part that was taken of what is granted to a project, from 0 to 1."""
        return max(self.reader.effort, self.evaluator.effort)

    def project(self, drafts: Drafts) -> Project:
        """The project that the drafts of all of its modules make."""
        project = assemble(self._settings, self.lower(drafts), _files(self.reader))
        jobs = lower_jobs(self.reader.jobs, project, self.evaluator, self._findings)
        return project.model_copy(update={"jobs": jobs, "files": self._source_files()})

    def _source_files(self) -> dict[str, SourceFile]:
        """Those that fingerprints stand for; none without fingerprints."""
        if not self._wants_fingerprints:
            return {}
        declared = self.reader.declared
        modules = {module.name: module for item in declared for module in (item.scope.module, item.runs_in)}
        return source_files(modules.values(), self._names)

    def drafts(self, modules: Sequence[Module]) -> Drafts:
        """What the modules declare, before parameters are bound."""
        self._modules = tuple(modules)
        for module in modules:
            check_imports(module, self._names, self._findings)
            self.reader.read(module)
        for module in modules:
            check_decorators(module, self._names, self.reader, self._findings)
            check_leftovers(module, self._names, self.reader, self._findings)
        check_duplicate_functions(self.reader.declared, self._names, self._findings)
        drafts = make_drafts(self.reader.declared, self.evaluator, self._findings)
        for path, names in self.reader.hidden.items():
            drafts.hide(path, names)
        for path, text in self._index.texts.items():
            if not self._index.is_parsed(path):  # that its functions are missing is no finding of its own
                drafts.hide(path, _DEFINITION.findall(text))
        return drafts

    def facts(self, drafts: Drafts) -> dict[str, FileFacts]:
        """What other files can see of each source file, and it of them."""
        names: dict[str, set[Name]] = {}
        for draft in _all(drafts):
            names.setdefault(draft.declared.runs_in.path, set()).add(name_of(draft))
        declaring = {item.runs_in.path for item in self.reader.declared}
        declaring |= {item.runs_in.path for item in self.reader.jobs}
        return {
            path: FileFacts(
                module,
                frozenset(names.get(path, ())),
                frozenset(self.reader.followed.get(path, ())),
                path in declaring,
                path in drafts.silenced,
            )
            for path, module in self._index.files.items()
        }

    def lower(self, drafts: Drafts) -> Nodes:
        """The nodes of the intermediate representation."""
        settings = self._settings
        fingerprints = None
        if self._wants_fingerprints:
            fingerprints = Fingerprints(self._names, read_pins(settings.root, settings.requirements))
        lowering = Lowering(
            drafts,
            self.evaluator,
            self._annotations,
            fingerprints,
            settings.default_io_manager,
            self._findings,
        )
        steps: dict[str, Step] = {}
        assets: dict[str, Asset] = {}
        for draft in drafts.steps.values():
            self._findings.owner = draft.declared.runs_in.path
            steps[draft.id] = lowering.step(draft)
            made = lowering.assets(draft, steps[draft.id])
            assets.update((asset.id, asset) for asset in made if drafts.assets[asset.id] is draft)
        checks: list[Check] = []
        for draft in drafts.checks:
            self._findings.owner = draft.declared.runs_in.path
            if (check := lowering.check(draft)) is not None:
                checks.append(check)
        resources: dict[str, Resource] = {}
        for draft in drafts.resources.values():
            self._findings.owner = draft.declared.runs_in.path
            resources[draft.name] = lowering.resource(draft)
        sensors: dict[str, Sensor] = {}
        for draft in drafts.sensors.values():
            self._findings.owner = draft.declared.runs_in.path
            if (sensor := lowering.sensor(draft)) is not None:
                sensors[draft.name] = sensor
        classes, bodies = self._annotations.classes, self._bodies(drafts)
        return Nodes(steps, assets, tuple(checks), resources, sensors, classes, bodies, self._imports())

    def _bodies(self, drafts: Drafts) -> dict[str, tuple[BodyFact, ...]]:
        bodies = Bodies(self._names)
        found: dict[str, list[BodyFact]] = {}
        for draft in _all(drafts):
            for fact in bodies.facts(draft):
                found.setdefault(draft.declared.runs_in.name, []).append(fact)
        for module in self._modules:
            told = self._findings.lines(module.path, "FS003")
            found.setdefault(module.name, []).extend(import_facts(module, self._names, told))
            found[module.name] += secret_facts(module)
        return {name: tuple(facts) for name, facts in sorted(found.items()) if facts}

    def _imports(self) -> dict[str, tuple[str, ...]]:
        found = {module.path: tuple(sorted(self._names.imported_files(module))) for module in self._modules}
        return {path: imported for path, imported in sorted(found.items()) if imported}


def _all(drafts: Drafts) -> Iterator[Draft]:
    yield from drafts.steps.values()
    yield from drafts.checks
    yield from drafts.resources.values()
    yield from drafts.sensors.values()


def assemble(settings: Settings, nodes: Nodes, files: tuple[str, ...], order: Iterable[str] | None = None) -> Project:
    """The project of these nodes, without jobs. ``order`` is the topological order of the steps, if it is known."""
    return Project.model_construct(  # of nodes that were validated: looking at all of them again finds nothing
        partitions_io_manager=_keeper(settings, nodes.steps),
        name=settings.name,
        profile=settings.profile,
        import_roots=settings.import_roots,
        sources=files,
        steps=_ordered(nodes.steps, nodes.assets) if order is None else {step: nodes.steps[step] for step in order},
        assets=nodes.assets,
        checks=nodes.checks,
        resources=nodes.resources,
        sensors=nodes.sensors,
        classes=dict(sorted(nodes.classes.items())),
        bodies=nodes.bodies,
        imports=nodes.imports,
        io_managers={
            name: IoManagerConfig(type=manager.type, options=dict(manager.options))
            for name, manager in settings.io_managers.items()
        },
        concurrency=dict(settings.concurrency),
        params={name: dict(values) for name, values in settings.params.items()},
    )


def _keeper(settings: Settings, steps: Mapping[str, Step]) -> str | None:
    """The IO manager that keeps the keys of dynamic partitions, if there are any."""
    if not any(registries_of(step.partitions) for step in steps.values() if step.partitions is not None):
        return None
    return settings.partitions_io_manager or settings.default_io_manager


def _files(reader: Reader) -> tuple[str, ...]:
    """The files that hold declarations, or run the factories that make them."""
    found = {module.path for item in reader.declared for module in (item.scope.module, item.runs_in)}
    return tuple(sorted(found | {job.scope.module.path for job in reader.jobs}))


def needs_of(step: Step, assets: Mapping[str, Asset]) -> set[str]:
    """Ids of the other steps that a step needs."""
    dependencies = step.signature.dependencies
    return {assets[item.asset].step for item in dependencies if item.asset in assets} - {step.id}


def _ordered(steps: dict[str, Step], assets: dict[str, Asset]) -> dict[str, Step]:
    """The steps in topological order, ties in source order; source order if there is a cycle."""
    needs = {step.id: needs_of(step, assets) for step in steps.values()}
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
