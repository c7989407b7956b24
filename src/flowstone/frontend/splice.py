"""Takes out of a project what some files declared, and puts in what they declare now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from typing import TypeVar

from msgspec import Struct

from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import Diagnostic, spans
from flowstone.errors import SelectionError
from flowstone.frontend.concerned import declaring, mentioning
from flowstone.frontend.drafts import Drafts
from flowstone.frontend.facts import READER, RESOURCES, FileFacts, Name, hidden_names
from flowstone.frontend.findings import Findings, merged
from flowstone.frontend.importers import may_import
from flowstone.frontend.jobs import all_jobs, declared_job, selected_anew
from flowstone.frontend.loader import Front, Loaded, Nodes, assemble, needs_of
from flowstone.frontend.modules import ModuleIndex
from flowstone.frontend.outreach import reach_out
from flowstone.ir.asset import Check, Resource, Step
from flowstone.ir.body import BodyFact
from flowstone.ir.job import Job
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.ir.sensor import Sensor
from flowstone.ir.types import ClassInfo

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")
_LIMIT = "FS009"
"""What is about limits is told of one file or another, by the order in which they are read."""


class RefusedError(Exception):
    """The result cannot be had in this way."""


class MoreError(Exception):
    """Further files have to be read anew."""

    def __init__(self, paths: Collection[str]) -> None:
        super().__init__()
        self.paths = paths


class _Part(Struct, frozen=True):
    """Some files of a project, read for themselves, as far as which names they declare."""

    index: ModuleIndex
    front: Front
    findings: Findings
    drafts: Drafts
    hidden: Mapping[str, frozenset[str]]


class _Lowered(Struct, frozen=True):
    """The same with the nodes, and what other files can see of them."""

    front: Front
    findings: Findings
    files: Mapping[str, FileFacts]
    hidden: Mapping[str, frozenset[str]]
    nodes: Nodes
    searched: frozenset[str]


class Splice:
    """A project that is made of an earlier one: ``loaded`` is called once."""

    def __init__(
        self,
        base: Loaded,
        settings: Settings,
        texts: Mapping[str, str],
        changed: Set[str],
        read: Set[str],
        order: tuple[str, ...],
    ) -> None:
        """``read`` are the paths of the files to read, ``changed`` those of them whose text is another, ``order`` all
        that there are now.
        """
        self._base = base
        self._settings = settings
        self._texts = texts
        self._changed = changed
        self._read = read
        self._order = order
        self._before = {path: base.files[path] for path in read & base.files.keys()}
        self._modules = {facts.module for facts in self._before.values()}
        """Names of the modules that are read anew."""

    def loaded(self) -> Loaded:
        """The new project. Errors: RefusedError, MoreError."""
        base = self._base
        part = self._part(self._texts)
        self._check_others(part)
        new = self._lowered(part, self._texts)
        self._check_alone(new)
        known = {**base.files, **new.files}
        files = {path: known[path] for path in self._order}
        nodes = self._nodes(new, files)
        sources = set(base.project.sources) - self._read
        sources.update(path for path, facts in new.files.items() if facts.declares)
        project = assemble(self._settings, nodes, tuple(sorted(sources)), self._topological(nodes))
        project = project.model_copy(update={"jobs": self._jobs(new, project)})
        found = {path: items for path, items in base.found.items() if path not in self._read and path}
        found |= new.findings.by_owner(self._texts)
        effort = base.effort + new.front.effort
        diagnostics = merged(found)
        _demand(not (diagnostics and base.is_cutout))
        _demand(effort <= 1 and found.keys() <= files.keys() | {""} and not has_conflict(diagnostics))
        hidden = {**self._hidden_elsewhere(), **new.hidden}
        searched = base.searched | new.searched
        return Loaded(project, diagnostics, dict(self._texts), files, found, hidden, effort, searched, base.is_cutout)

    def _part(self, texts: Mapping[str, str]) -> _Part:
        findings = Findings()
        index = ModuleIndex(self._settings.root, self._settings.import_roots, findings, texts)
        paths = [path for path in self._order if path in self._read and path in texts]
        front = Front(self._settings, index, findings, fingerprints=False)
        drafts = front.drafts(index.add_files(paths))
        self._modules.update(index.files.values())
        return _Part(index, front, findings, drafts, hidden_names(drafts))

    def _lowered(self, part: _Part, texts: Mapping[str, str]) -> _Lowered:
        front, drafts = part.front, part.drafts
        for path, names in self._hidden_elsewhere().items():
            drafts.hide(path, names)
        drafts.other_assets, drafts.other_resources, drafts.other_readers = self._others()
        nodes = front.lower(drafts)
        files = front.facts(drafts)
        _demand(files.keys() == self._read & texts.keys() and part.index.texts.keys() <= texts.keys())
        return _Lowered(front, part.findings, files, part.hidden, nodes, part.index.searched)

    def _hidden_elsewhere(self) -> dict[str, frozenset[str]]:
        return {path: names for path, names in self._base.hidden.items() if path not in self._read}

    def _others(self) -> tuple[dict[str, Location], dict[str, Location], set[str]]:
        """Assets and resources that the files did not declare, with their places; and the item readers among these."""
        if self._base.is_cutout:
            return self._others_by_name()
        project = self._base.project
        steps = {step.id for step in project.steps.values() if step.function.module not in self._modules}
        resources = [item for item in project.resources.values() if _module(item) not in self._modules]
        return (
            {item.id: item.location for item in project.assets.values() if item.step in steps},
            {item.name: item.location for item in resources},
            {item.name for item in resources if item.items},
        )

    def _others_by_name(self) -> tuple[dict[str, Location], dict[str, Location], set[str]]:
        """The same by their names alone. Places stand in findings only, and with one the result is refused."""
        assets: dict[str, Location] = {}
        resources: dict[str, Location] = {}
        readers: set[str] = set()
        for path, facts in self._base.files.items():
            if path not in self._read:
                place = Location.model_construct(file=path, line=1, column=1, end_line=1, end_column=2)
                for name in facts.names:
                    assets.update(dict.fromkeys(name.assets, place))
                    if name.kind in RESOURCES:
                        resources[name.id] = place
                    if name.kind == READER:
                        readers.add(name.id)
        return assets, resources, readers

    # -- what else is concerned ---------------------------------------------------------------------------------------

    def _check_alone(self, new: _Lowered) -> None:
        """Refuse if another module might import a changed one, or is changed by one, now or before; or if factories of
        others are or were called: whose sources these are is known only when all callers are read.
        """
        facts = [*self._before.values(), *new.files.values()]
        _demand(all(item.calls <= {item.module} for item in facts))
        for path in self._changed:
            _demand(not path.endswith("__init__.py"))
            others = [text for other, text in self._texts.items() if other != path]
            others += [self._base.sources[other] for other in self._changed & self._before.keys() if other != path]
            module = (new.files.get(path) or self._before[path]).module
            _demand(not any(may_import(others, name) for name in (module, *self._packages(path, module))))
        for texts, imports in ((self._base.sources, self._base.project.imports), (self._texts, new.nodes.imports)):
            importing = self._changed & imports.keys()
            _demand(not (importing and reach_out(self._settings, texts, sorted(importing))))

    def _packages(self, path: str, module: str) -> Iterator[str]:
        """The packages that hold a file that was added or removed, and no other."""
        if path in self._texts and path in self._before:
            return
        package = module.rpartition(".")[0]
        others = [facts.module for other, facts in self._base.files.items() if other != path]
        while package and not any(name.startswith(f"{package}.") for name in others):
            yield package
            package = package.rpartition(".")[0]

    def _check_others(self, new: _Part) -> None:
        """Errors: MoreError if other files are concerned, which is known before anything is lowered."""
        base, files = self._base, new.front.facts(new.drafts)
        more = {path for path, found in base.found.items() if any(span.file in self._read for span in spans(found))}
        different = set[Name]()
        names = set[str]()
        for path in self._read:
            different |= _names(self._before.get(path)) ^ _names(files.get(path))
            names |= base.hidden.get(path, frozenset()) ^ new.hidden.get(path, frozenset())
        names = names.union(*(name.bare for name in different))
        _demand(not (names and base.is_cutout))
        if names:
            more |= base.found.keys() | base.hidden.keys()
            more.update(path for path, facts in base.files.items() if facts.silenced)
            more.update(mentioning(names, base.project, base.files))
            more.update(declaring(different, base.files))
        more = (more & base.files.keys()) - self._read
        if more:
            raise MoreError(more)

    # -- the nodes ----------------------------------------------------------------------------------------------------

    def _nodes(self, new: _Lowered, files: Mapping[str, FileFacts]) -> Nodes:
        base, nodes = self._base.project, new.nodes
        order = {facts.module: place for place, facts in enumerate(files.values())}
        steps = {asset.step: base.steps[asset.step] for asset in base.assets.values()}
        _demand(steps.keys() == base.steps.keys())
        before = {step.id: step.function.module for step in steps.values()}
        now = {step.id: step.function.module for step in nodes.steps.values()}
        checks = self._spliced(_by_place(base.checks), _by_place(nodes.checks), _module, _module, order)
        return Nodes(
            self._spliced(steps, nodes.steps, _module, _module, order),
            self._spliced(
                base.assets, nodes.assets, lambda item: before[item.step], lambda item: now[item.step], order
            ),
            tuple(checks.values()),
            self._spliced(base.resources, nodes.resources, _module, _module, order),
            self._spliced(base.sensors, nodes.sensors, _module, _module, order),
            self._classes(nodes),
            self._bodies(nodes),
            self._imports(nodes),
        )

    def _spliced(
        self,
        base: Mapping[_Key, _Item],
        new: Mapping[_Key, _Item],
        before: Callable[[_Item], str],
        now: Callable[[_Item], str],
        order: Mapping[str, int],
    ) -> dict[_Key, _Item]:
        """The items with those of the files replaced, module by module. ``before`` and ``now`` tell an item's module.

        Errors: RefusedError if two items have one key, or a module has no place.
        """
        blocks: dict[str, dict[_Key, _Item]] = {}
        kept = [(key, item, before(item)) for key, item in base.items()]
        items = [entry for entry in kept if entry[2] not in self._modules]
        items += [(key, item, now(item)) for key, item in new.items()]
        for key, item, module in items:
            blocks.setdefault(module, {})[key] = item
        _demand(blocks.keys() <= order.keys())
        found = {key: item for name in sorted(blocks, key=order.__getitem__) for key, item in blocks[name].items()}
        _demand(len(found) == len(items))
        return found

    def _classes(self, new: Nodes) -> dict[str, ClassInfo]:
        """The classes that annotations name. One that the files name no longer must be their own."""
        base = self._base.project.classes
        if self._base.is_cutout:
            _demand(all(base.get(name) == info for name, info in new.classes.items()))
            return base
        old = self._lowered(self._part(self._base.sources), self._base.sources).nodes.classes if base else {}
        own = {name for name in (*base, *old) if name.rpartition(".")[0] in self._modules}
        _demand(all(base.get(name) == info for name, info in old.items()))
        _demand(old.keys() - new.classes.keys() <= own <= old.keys())
        kept = {name: info for name, info in base.items() if name not in own}
        _demand(all(kept.get(name, info) == info for name, info in new.classes.items()))
        return {**kept, **new.classes}

    def _bodies(self, new: Nodes) -> dict[str, tuple[BodyFact, ...]]:
        """What the code of each module does."""
        kept = {name: facts for name, facts in self._base.project.bodies.items() if name not in self._modules}
        return dict(sorted({**kept, **new.bodies}.items()))

    def _imports(self, new: Nodes) -> dict[str, tuple[str, ...]]:
        """The modules that each file imports."""
        kept = {path: imported for path, imported in self._base.project.imports.items() if path not in self._read}
        return dict(sorted({**kept, **new.imports}.items()))

    def _topological(self, nodes: Nodes) -> Iterable[str] | None:
        """The topological order, if it is that of before."""
        base = self._base.project
        if list(nodes.assets) != list(base.assets) or nodes.steps.keys() != base.steps.keys():
            return None
        if any(item.step != base.assets[item.id].step for item in nodes.assets.values()):
            return None
        differing = (step for step in nodes.steps.values() if base.steps[step.id] is not step)
        if any(needs_of(step, nodes.assets) != needs_of(base.steps[step.id], base.assets) for step in differing):
            return None
        return base.steps

    def _jobs(self, new: _Lowered, project: Project) -> dict[str, Job]:
        """All jobs: in the order of the sources, and of the others what they select now."""
        if self._base.is_cutout:
            _demand(not new.front.reader.jobs)
            return {}
        place = {path: number for number, path in enumerate(self._order)}
        found: list[tuple[int, Job]] = []
        failed: set[str] = set()
        for job in self._base.project.jobs.values():
            if job.location is None or job.location.file in self._read:
                continue
            _demand(job.location.file in place)
            try:
                found.append((place[job.location.file], selected_anew(job, project)))
            except SelectionError:
                failed.add(job.location.file)
        if failed:
            raise MoreError(failed)
        _demand(found == sorted(found, key=_place))
        for item in new.front.reader.jobs:
            made = declared_job(item, project, new.front.evaluator, new.findings)
            if made is not None:
                found.append((place[item.runs_in.path], made))
        return all_jobs((job for _, job in sorted(found, key=_place)), project, new.findings)


def has_conflict(found: Iterable[Diagnostic]) -> bool:
    """Whether a finding depends on the order in which files are read."""
    return any(item.code == _LIMIT for item in found)


def _by_place(checks: tuple[Check, ...]) -> dict[tuple[str, ...], Check]:
    return {(check.function.module, check.function.defined_in, check.name): check for check in checks}


def _module(item: Step | Check | Resource | Sensor) -> str:
    return item.function.module


def _names(facts: FileFacts | None) -> frozenset[Name]:
    return frozenset() if facts is None else facts.names


def _place(item: tuple[int, Job]) -> int:
    return item[0]


def _demand(condition: bool) -> None:
    if not condition:
        raise RefusedError
