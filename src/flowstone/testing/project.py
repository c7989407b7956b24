"""A project whose values are in memory: for tests that run assets as an engine would, and look at what came of it.

Inputs are put where assets would store them, resources are replaced, and what runs is what ``materialize`` runs: the
parameters are bound, the checks judge, routes choose, and what is up to date is reused.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from flowstone.__about__ import __version__
from flowstone.config.environment import without_overrides
from flowstone.diagnostics.suggest import did_you_mean
from flowstone.dsl.dynamic_partitions import written_key
from flowstone.dsl.partitions import DynamicPartitions, PartitionKey, PartitionKeyError, axes, unread
from flowstone.errors import UsageError
from flowstone.io.record import Record
from flowstone.ir.asset import Asset, Resource, Storage
from flowstone.ir.function import FunctionRef, Signature
from flowstone.ir.project import IoManagerConfig, Project
from flowstone.ir.select import select
from flowstone.runner.forecast import Action, Expectation, Forecast
from flowstone.runner.prepare import Asked, prepare_run
from flowstone.runtime.event_log import MemoryLog
from flowstone.runtime.inputs import stored_value
from flowstone.runtime.keys import selection
from flowstone.runtime.materialize import materialize
from flowstone.runtime.outcome import Outcome, Status
from flowstone.runtime.overrides import declared_parameters
from flowstone.runtime.reasons import Place
from flowstone.runtime.registry import Registry, know_registries
from flowstone.runtime.run import Run
from flowstone.runtime.signals import Signals
from flowstone.runtime.workspace import Workspace

MEMORY = "memory"
_Texts = str | Collection[str]
"""One or several."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_PUT = "put by a test"


class Planned(Struct, frozen=True):
    """What a run would do."""

    expectations: tuple[Expectation, ...]

    @property
    def actions(self) -> dict[Place, Action]:
        """By step and partition: ``run``, ``may run``, ``reuse``, ``skip`` or ``blocked``."""
        return {(item.task.step, item.task.partition): item.action for item in self.expectations}

    @property
    def reasons(self) -> dict[Place, tuple[str, ...]]:
        """Why, in the words of ``flowstone plan``."""
        return {(item.task.step, item.task.partition): tuple(map(str, item.reasons)) for item in self.expectations}


class Ran(Struct, frozen=True):
    """What a run has done."""

    outcomes: tuple[Outcome, ...]

    @property
    def statuses(self) -> dict[Place, Status]:
        """By step and partition: ``materialized``, ``reused`` or ``skipped``; ``waiting`` for a signal."""
        return {(item.step, item.partition): item.status for item in self.outcomes}

    @property
    def records(self) -> dict[Place, Record]:
        """By asset and partition, of all that was made or reused."""
        return {(record.asset, record.partition): record for item in self.outcomes for record in item.records}


class InMemoryProject:
    """A project whose assets are all stored in memory, with nothing stored yet.

    It is used by one thread. Nothing that it does is seen by others: no file is written but by what assets do.
    """

    def __init__(
        self,
        project: Project,
        root: Path,
        *,
        resources: Mapping[str, Any] = _NOTHING,
        params: Mapping[str, Any] = _NOTHING,
    ) -> None:
        """Errors: UsageError for a resource or a parameter that the project does not have."""
        self._given = project, root
        _demand_known("resource", resources, project.resources)
        replaced = _without_needs(_with_params(_in_memory(project), params), resources)
        self._workspace = _Workspace(replaced, root.absolute(), without_overrides(os.environ), resources)
        self._workspace.signals = Signals(MemoryLog())

    @classmethod
    def open(cls, root: Path | str = ".", *, profile: str | None = None) -> InMemoryProject:
        """The project that a folder lies in. Its modules are read; they are imported when something of them runs.

        Errors: UsageError with the findings if ``flowstone check`` finds an error; ConfigurationError.
        """
        from flowstone.checks import run_checks
        from flowstone.config import load_settings
        from flowstone.diagnostics.diagnostic import Severity
        from flowstone.diagnostics.render_text import render_text
        from flowstone.frontend import load

        settings = load_settings(Path(root), profile=profile)
        loaded = load(settings)
        errors = [item for item in run_checks(loaded, settings) if item.severity is Severity.ERROR]
        if errors:
            raise UsageError(f"the project has errors:\n{render_text(errors, loaded.sources)}", help="flowstone check")
        return cls(loaded.project, settings.root)

    def having(
        self, *, resources: Mapping[str, Any] = _NOTHING, params: Mapping[str, Any] = _NOTHING
    ) -> InMemoryProject:
        """The same project with nothing stored, with values instead of resources and of config parameters.

        ``params`` are named ``ASSET.PARAM``. Errors: UsageError for a name that there is not.
        """
        return InMemoryProject(*self._given, resources=resources, params=params)

    def put(self, asset: str, value: Any, partition: str | None = None) -> Record:
        """Store a value for what reads it. A run that makes the asset replaces it: select what comes after.

        The key of a dynamic partition is added to its registry.
        Errors: UsageError for an asset or a partition that there is not; UnsupportedTypeError.
        """
        node, key = self._place(asset, partition)
        for axis, own in zip(axes(node.partitions), _each(key), strict=True):
            if isinstance(axis, DynamicPartitions):
                self.add_partitions(axis.name, [own.key])
        manager, slot_of = self._workspace.storage(node.id)
        staged = manager.stage(slot_of(None if key is None else key.text), value)
        prepared, now = self._workspace.step(node.step), datetime.now(UTC)
        record = Record(
            asset=node.id,
            partition=staged.slot.partition,
            data_version=staged.data_version,
            code_version=_PUT,
            config_version=prepared.config_version,
            run_id=_PUT,
            engine="local",
            started_at=now,
            finished_at=now,
            size=staged.size,
            flowstone=__version__,
        )
        manager.publish(staged, record)
        return record

    def add_partitions(self, registry: str, keys: Iterable[str]) -> None:
        """Add keys to a registry of dynamic partitions. Errors: UsageError for a registry that there is not, or a key
        that cannot be.
        """
        try:
            Registry(self._workspace, registry).add(map(written_key, keys), Run("test", "local"))
        except PartitionKeyError as error:
            raise UsageError(str(error)) from error
        know_registries(self._workspace)

    def partitions(self, registry: str) -> list[str]:
        """The keys of a registry, as they are written. Errors: UsageError for one that there is not."""
        return [key.key for key in Registry(self._workspace, registry).keys()]  # noqa: SIM118 - no mapping

    def signal(self, token: str, payload: Any = None) -> None:
        """Send the answer that an asset waits for, or will: the next run makes the asset's value of it.

        Errors: UsageError if it would not count: a signal of this token was sent before, or came too late.
        """
        assert self._workspace.signals is not None
        self._workspace.signals.send(token, payload, "test")

    def value(self, asset: str, partition: str | None = None) -> Any:
        """What is stored. Errors: UsageError if nothing is, or for an asset or a partition that there is not."""
        node, key = self._place(asset, partition)
        found = stored_value(self._workspace, node.id, key)
        if found is None:
            raise UsageError(f"nothing is stored of {_label(node, key)}", help=f"there is {self._stored()}")
        return found.load(None)

    def record(self, asset: str, partition: str | None = None) -> Record | None:
        """The record of what is stored; None if nothing is. Errors: as ``put``."""
        node, key = self._place(asset, partition)
        found = stored_value(self._workspace, node.id, key)
        return None if found is None else found.record

    def make(self, asset: str, inputs: Mapping[str, Any] = _NOTHING, partition: str | None = None) -> Any:
        """Put inputs, make one asset of them, and return its value.

        ``inputs`` are named as the assets. One of which many partitions are read takes a mapping by partition.
        Errors: as ``run``; UsageError for what the asset does not read.
        """
        node, key = self._place(asset, partition)
        prepared = self._workspace.step(node.step)
        read = {item.id: dependency for dependency, item in prepared.dependencies}
        _demand_known("input", inputs, read)
        for name, value in inputs.items():
            producer = self._workspace.project.assets[name]
            chosen = selection(node.partitions, producer.partitions, read[name], key)
            if chosen.many:
                if not isinstance(value, Mapping):
                    raise UsageError(f"{node.id} reads many partitions of {name}: give a mapping by partition")
                for text, item in value.items():
                    self.put(name, item, text)
            else:
                self.put(name, value, None if chosen.keys[0] is None else chosen.keys[0].text)
        self._make(node.step, None if key is None else key.text, force=True)
        return self.value(node.id, partition)

    def run(self, selectors: _Texts = "*", partitions: _Texts = (), *, force: bool = False) -> Ran:
        """Run what is selected, one after the other, and say what came of it.

        ``selectors`` and ``partitions`` (keys, or ranges ``FIRST..LAST``) are those of ``flowstone run``, one or
        several; retries and timeouts do not count. Errors: what a function raises, as it is; CheckFailedError;
        NotMaterializedError for an input that was neither put nor made; SelectionError; UsageError.
        """
        planned = self._prepared(selectors, partitions, force=force)
        return Ran(
            tuple(self._make(item.task.step, item.task.partition, force=item.forced) for item in planned.expectations)
        )

    def plan(self, selectors: _Texts = "*", partitions: _Texts = (), *, force: bool = False) -> Planned:
        """What ``run`` would do now. Errors: SelectionError; UsageError."""
        return Planned(self._prepared(selectors, partitions, force=force).expectations)

    def _prepared(self, selectors: _Texts, partitions: _Texts, *, force: bool) -> Forecast:
        text = selectors if isinstance(selectors, str) else " ".join(selectors)
        keys = (partitions,) if isinstance(partitions, str) else tuple(partitions)
        return prepare_run(self._workspace, Asked(select(self._workspace.project, text), keys, force))

    def _make(self, step: str, partition: str | None, *, force: bool) -> Outcome:
        return materialize(self._workspace, step, partition, Run("test", "local"), force=force)

    def _place(self, asset: str, partition: str | None) -> tuple[Asset, PartitionKey | None]:
        _demand_known("asset", (asset,), self._workspace.project.assets)
        node = self._workspace.project.assets[asset]
        if (node.partitions is None) != (partition is None):
            raise UsageError(f"{asset} is not partitioned" if partition else f"{asset} is partitioned: say which one")
        if node.partitions is None or partition is None:
            return node, None
        try:
            return node, self._workspace.key(unread(node.partitions), partition)
        except ValueError as error:
            raise UsageError(f"{asset}: {error}") from error

    def _stored(self) -> str:
        found = []
        for asset in self._workspace.project.assets:
            manager, slot_of = self._workspace.storage(asset)
            found += [slot_of(partition).label for partition in manager.partitions(slot_of(None))]
        return ", ".join(found) or "nothing at all"


class _Workspace(Workspace):
    """Gives values instead of resources."""

    def __init__(
        self, project: Project, root: Path, environment: Mapping[str, str], resources: Mapping[str, Any]
    ) -> None:
        super().__init__(project, root, environment)
        self._resources = resources

    def function(self, ref: FunctionRef, kind: Any = "asset") -> Any:
        if kind == "resource" and ref.key in self._resources:
            return lambda: self._resources[ref.key]
        return super().function(ref, kind)


def _in_memory(project: Project) -> Project:
    """The project with all assets in memory; nobody is asked to approve anything."""
    storage = Storage(manager=MEMORY)
    assets = {name: asset.model_copy(update={"storage": storage}) for name, asset in project.assets.items()}
    steps = {name: step.model_copy(update={"checkpoint": None}) for name, step in project.steps.items()}
    keeper = None if project.partitions_io_manager is None else MEMORY
    managers = {MEMORY: IoManagerConfig(type="memory")}
    changed = {"assets": assets, "steps": steps, "io_managers": managers, "partitions_io_manager": keeper}
    return project.model_copy(update=changed)


def _without_needs(project: Project, replaced: Collection[str]) -> Project:
    """The project with some resources that need nothing."""

    def alone(resource: Resource) -> Resource:
        function = resource.function.model_copy(update={"is_async": False, "is_generator": False})
        return resource.model_copy(update={"signature": Signature(), "function": function})

    resources = {
        name: alone(resource) if name in replaced else resource for name, resource in project.resources.items()
    }
    return project.model_copy(update={"resources": resources})


def _with_params(project: Project, given: Mapping[str, Any]) -> Project:
    """The project with values of config parameters."""
    params = {owner: dict(values) for owner, values in project.params.items()}
    declared = declared_parameters(project)
    for place, value in given.items():
        owner, _, parameter = place.rpartition(".")
        _demand_known("owner of a config parameter", (owner,), declared)
        _demand_known(f"config parameter of {owner}", (parameter,), declared[owner])
        params.setdefault(owner, {})[parameter] = value
    return project.model_copy(update={"params": params})


def _each(key: PartitionKey | None) -> list[PartitionKey]:
    """The key of each dimension."""
    if key is None:
        return []
    return [part for _, part in key.parts] or [key]


def _demand_known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"there is {', '.join(sorted(known)) or 'none'}"
            raise UsageError(f"there is no {what} {name!r}", help=hint)


def _label(asset: Asset, key: PartitionKey | None) -> str:
    return asset.id if key is None else f"{asset.id}[{key.text}]"
