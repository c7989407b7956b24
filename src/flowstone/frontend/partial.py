"""A project in which a few files have changed, made of what it was before and of these files alone.

The result is that of reading everything, or there is none. It is refused whenever a changed file might matter to other
files, or others to it in a way that is not looked at: when another module might import it, when it declares other names
than before, calls factories of others, or has a finding. As a further precaution the old texts of the changed files are
read too, and have to give what the project was made of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import Span
from flowstone.errors import SelectionError
from flowstone.frontend.drafts import Drafts
from flowstone.frontend.findings import Findings
from flowstone.frontend.importers import may_import
from flowstone.frontend.jobs import all_jobs, declared_job, selected_anew
from flowstone.frontend.loader import Front, Loaded, Nodes, assemble, load, room
from flowstone.frontend.modules import Module, ModuleIndex
from flowstone.frontend.places import span_of
from flowstone.ir.asset import Check, Resource, Step
from flowstone.ir.body import BodyFact
from flowstone.ir.job import Job
from flowstone.ir.project import Project
from flowstone.ir.types import ClassInfo

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")


class _RefusedError(Exception):
    """The result cannot be had in this way."""


def update(base: Loaded, settings: Settings, texts: Mapping[str, str]) -> Loaded:
    """A project with new texts of some of its files: what ``load`` gives for them, mostly in a fraction of the time.

    ``base`` is what ``load`` without fingerprints, or this function, gave before for the same configuration.
    ``texts`` are the texts of all files that it read, as they are now (``{**base.sources, path: text}``). Files that
    were added or removed since are seen only if so much has changed that everything is read again.
    """
    return reload(base, settings, texts) or load(settings, fingerprints=False, texts=texts)


def reload(base: Loaded, settings: Settings, texts: Mapping[str, str]) -> Loaded | None:
    """The project with new texts of some of its files, as ``load`` would read it; None if it has to be read whole.

    ``base`` is what ``load`` gave without fingerprints, for the same configuration and the same set of files.
    """
    changed = [path for path in base.modules if texts.get(path) != base.sources[path]]
    same = base.sources.keys() - set(changed)
    if base.diagnostics or texts.keys() != base.sources.keys() or any(texts[key] != base.sources[key] for key in same):
        return None
    if any("flowstone:" in texts[path] for path in texts.keys() - set(base.modules)):
        return None  # a comment there may hide nothing any more, if nothing reads the file any more
    try:
        with room():
            project, effort = _Splice(base, settings, texts, changed).project()
    except (_RefusedError, SelectionError):
        return None
    return Loaded(project, (), dict(texts), base.modules, effort)


@dataclass(frozen=True)
class _Part:
    """Some modules of a project, read for themselves."""

    modules: Sequence[Module]
    front: Front
    findings: Findings
    drafts: Drafts
    nodes: Nodes

    def names(self) -> frozenset[tuple[object, ...]]:
        """What other modules can see of the declarations, by module."""
        drafts = [*self.drafts.steps.values(), *self.drafts.resources.values(), *self.drafts.checks]
        return frozenset(
            (
                draft.declared.scope.module.name,
                draft.declared.kind,
                draft.id,
                tuple(sorted(draft.asset_ids().values())),
                draft.keywords.values.get("asset"),
            )
            for draft in drafts
        )

    def files(self) -> set[str]:
        """Those of the files that declare something."""
        functions = {item.scope.module.path for item in self.front.reader.declared}
        return functions | {item.scope.module.path for item in self.front.reader.jobs}

    def jobs(self, project: Project) -> dict[str, list[Job]]:
        """The jobs of each file, as the project makes them."""
        found: dict[str, list[Job]] = {}
        for item in self.front.reader.jobs:
            job = declared_job(item, project, self.front.evaluator, self.findings)
            if job is None:
                raise _RefusedError
            found.setdefault(item.scope.module.path, []).append(job)
        return found


class _Splice:
    """Takes out what the changed files declared, and puts in what they declare now."""

    def __init__(self, base: Loaded, settings: Settings, texts: Mapping[str, str], changed: Sequence[str]) -> None:
        self._base = base
        self._settings = settings
        self._changed = changed
        self._texts = texts
        self._others = _others(base.project, set(changed))

    def project(self) -> tuple[Project, float]:
        """The new project and the effort it took. Errors: _RefusedError, SelectionError."""
        new = self._read(self._texts)
        old = self._read(self._base.sources)
        self._check_alone(new.modules)
        _demand(old.names() == new.names())
        names = {module.name for module in new.modules}
        nodes = self._nodes(old.nodes, new.nodes, names)
        before = set(self._base.project.sources)
        _demand(before & set(self._changed) == old.files())
        files = tuple(sorted(before - set(self._changed) | new.files()))
        project = assemble(self._settings, nodes, files)
        jobs = self._jobs(old, new, project)
        effort = self._base.effort + new.front.effort
        _demand(effort <= 1 and not new.findings)
        return project.model_copy(update={"jobs": jobs}), effort

    def _read(self, texts: Mapping[str, str]) -> _Part:
        findings = Findings()
        index = ModuleIndex(self._settings.root, self._settings.import_roots, findings, texts)
        modules = index.add_files(self._changed)
        front = Front(self._settings, index, findings, fingerprints=False)
        drafts = front.drafts(modules)
        drafts.other_assets, drafts.other_resources = self._others
        nodes = front.lower(drafts)
        alone = front.reader.followed <= {module.name for module in modules}
        _demand(alone and not findings and index.texts.keys() <= texts.keys())
        return _Part(modules, front, findings, drafts, nodes)

    def _check_alone(self, modules: Sequence[Module]) -> None:
        """Refuse if any other module might import one of these, now or before."""
        for module in modules:
            _demand(not module.is_package and not module.path.endswith("__init__.py"))
            others = [text for path, text in self._texts.items() if path != module.path]
            others += [self._base.sources[path] for path in self._changed if path != module.path]
            _demand(not may_import(others, module.name))

    def _nodes(self, old: Nodes, new: Nodes, names: Collection[str]) -> Nodes:
        base = self._base.project
        modules = {step.id: step.function.module for step in base.steps.values()}
        order = list(dict.fromkeys(asset.step for asset in base.assets.values()))
        _demand(set(order) == base.steps.keys())
        steps = {step: base.steps[step] for step in order}
        checks = _spliced(_by_place(base.checks), _by_place(old.checks), _by_place(new.checks), _runs_in, names)
        return Nodes(
            _spliced(steps, old.steps, new.steps, _runs_in, names),
            _spliced(base.assets, old.assets, new.assets, lambda item: modules.get(item.step, ""), names),
            tuple(checks.values()),
            _spliced(base.resources, old.resources, new.resources, _runs_in, names),
            _classes(base.classes, old.classes, new.classes, names),
            _bodies(base.bodies, old.bodies, new.bodies, names),
        )

    def _jobs(self, old: _Part, new: _Part, project: Project) -> dict[str, Job]:
        """All jobs: in the order of the sources, and of the others what they select now."""
        base, after = self._base.project, new.jobs(project)
        declared = [job for job in base.jobs.values() if not job.implicit]
        before: dict[str, list[Job]] = {}
        found: list[Job] = []
        for job in declared:
            file = "" if job.location is None else job.location.file
            if file in self._changed:
                before.setdefault(file, []).append(job)
                found += after.pop(file, [])
            else:
                found.append(selected_anew(job, project))
        _demand(before == old.jobs(base) and not after)
        return all_jobs(found, project, new.findings)


def _others(project: Project, changed: Collection[str]) -> tuple[dict[str, Span], dict[str, Span]]:
    """Assets and resources that are not declared in the changed files, and where they are."""
    return (
        {item.id: span_of(item.location) for item in project.assets.values() if item.location.file not in changed},
        {item.name: span_of(item.location) for item in project.resources.values() if item.location.file not in changed},
    )


def _by_place(checks: tuple[Check, ...]) -> dict[tuple[str, ...], Check]:
    return {(check.function.module, check.function.defined_in, check.name): check for check in checks}


def _runs_in(item: Step | Check | Resource) -> str:
    return item.function.module


def _spliced(
    base: Mapping[_Key, _Item],
    old: Mapping[_Key, _Item],
    new: Mapping[_Key, _Item],
    owner: Callable[[_Item], str],
    changed: Collection[str],
) -> dict[_Key, _Item]:
    """The items with those of the changed modules replaced; each module's stand together. Errors: _RefusedError."""
    replaced = [(key, item) for key, item in base.items() if owner(item) in changed]
    _demand(replaced == list(old.items()))
    blocks: dict[str, dict[_Key, _Item]] = {}
    for key, item in new.items():
        blocks.setdefault(owner(item), {})[key] = item
    found: dict[_Key, _Item] = {}
    for key, item in base.items():
        name = owner(item)
        if name in changed:
            found.update(blocks.pop(name, {}))
        else:
            found[key] = item
    _demand(not blocks and len(found) == len(base) - len(old) + len(new))
    return found


def _classes(
    base: Mapping[str, ClassInfo], old: Mapping[str, ClassInfo], new: Mapping[str, ClassInfo], changed: Collection[str]
) -> dict[str, ClassInfo]:
    """The classes that annotations name. One that changed modules name no longer must be their own."""

    def is_own(name: str) -> bool:
        return name.rpartition(".")[0] in changed

    _demand(all(base.get(name) == info for name, info in old.items()))
    _demand(all(is_own(name) for name in old.keys() - new.keys()))
    _demand({name for name in base if is_own(name)} == {name for name in old if is_own(name)})
    kept = {name: info for name, info in base.items() if not is_own(name)}
    _demand(all(kept.get(name, info) == info for name, info in new.items()))
    return {**kept, **new}


def _bodies(
    base: Mapping[str, tuple[BodyFact, ...]],
    old: Mapping[str, tuple[BodyFact, ...]],
    new: Mapping[str, tuple[BodyFact, ...]],
    changed: Collection[str],
) -> dict[str, tuple[BodyFact, ...]]:
    """What the code of each module does, that of the changed ones as it is now. Errors: _RefusedError."""
    _demand({name: facts for name, facts in base.items() if name in changed} == old)
    kept = {name: facts for name, facts in base.items() if name not in changed}
    return dict(sorted({**kept, **new}.items()))


def _demand(condition: bool) -> None:
    if not condition:
        raise _RefusedError
