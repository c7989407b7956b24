"""The root of the intermediate representation: everything the engines need to know about a project."""

from __future__ import annotations

from functools import cached_property

from flowstone.dsl.partitions import DynamicPartitions, Partitions, axes
from flowstone.ir.asset import Asset, Check, Resource, Step
from flowstone.ir.body import BodyFact
from flowstone.ir.job import Job
from flowstone.ir.node import Json, Node
from flowstone.ir.sensor import Sensor
from flowstone.ir.source import SourceFile
from flowstone.ir.types import ClassInfo

SCHEMA_VERSION = 3
"""Raised whenever an older reader would misread the JSON."""

_MARKS = ("branches", "checkpoint", "concurrency", "engine_options", "gate", "partitions", "routed_from", "timeout")

_NOTHING: tuple[object, ...] = ((), {})


class IoManagerConfig(Node):
    """A configured IO manager. Secrets stand in it as references only: ``{"env": "NAME"}``."""

    type: str
    options: dict[str, Json] = {}


class Project(Node):
    """A whole project, resolved: names are ids, defaults are filled in, the configuration of one profile is applied."""

    schema_version: int = SCHEMA_VERSION
    name: str
    profile: str | None = None
    import_roots: tuple[str, ...] = (".",)
    """Folders, relative to the project's folder, that a worker puts on ``sys.path``."""
    sources: tuple[str, ...] = ()
    """Files that hold declarations, relative to the project's folder, sorted."""
    files: dict[str, SourceFile] = {}
    """The files of the functions' modules, and of what these import, by the module's name; workers compare them."""
    steps: dict[str, Step] = {}
    """By id, in topological order where there is one, else in source order."""
    assets: dict[str, Asset] = {}
    checks: tuple[Check, ...] = ()
    resources: dict[str, Resource] = {}
    jobs: dict[str, Job] = {}
    sensors: dict[str, Sensor] = {}
    classes: dict[str, ClassInfo] = {}
    io_managers: dict[str, IoManagerConfig] = {}
    partitions_io_manager: str | None = None
    """Name of the IO manager that keeps the keys of dynamic partitions; None if the project has none."""
    concurrency: dict[str, int] = {}
    """How many functions may run at once that name a limit, by its name."""
    params: dict[str, dict[str, Json]] = {}
    """Configured values of config parameters, by step, check, resource or sensor, then by parameter."""
    bodies: dict[str, tuple[BodyFact, ...]] = {}
    """What code does that rules ask about, by the module that it runs in. Only ``check`` reads it."""
    imports: dict[str, tuple[str, ...]] = {}
    """Paths of the project's modules that each source file imports, if it does. Only ``check`` reads it."""

    @cached_property
    def upstream(self) -> dict[str, tuple[str, ...]]:
        """Ids of the steps that each step needs (itself left out), sorted; unknown assets are left out."""
        return {
            step.id: tuple(
                sorted(
                    {
                        self.assets[dependency.asset].step
                        for dependency in step.signature.dependencies
                        if dependency.asset in self.assets
                    }
                    - {step.id}
                )
            )
            for step in self.steps.values()
        }

    @cached_property
    def downstream(self) -> dict[str, tuple[str, ...]]:
        """Ids of the steps that need each step, sorted."""
        found: dict[str, list[str]] = {step: [] for step in self.steps}
        for step, needs in self.upstream.items():
            for need in needs:
                found[need].append(step)
        return {step: tuple(sorted(users)) for step, users in found.items()}

    @cached_property
    def routes(self) -> dict[str, frozenset[str]]:
        """The routes, by the id of the asset, that may leave a step out: its own, and those of what it cannot do
        without. Only steps that have any are in it.
        """
        if not self.marked["routed_from"]:
            return {}
        found: dict[str, frozenset[str]] = {}
        for step in self.steps.values():
            routes = set() if step.routed_from is None else {step.routed_from}
            for dependency in step.signature.dependencies:
                if not dependency.optional and dependency.asset in self.assets:
                    routes |= found.get(self.assets[dependency.asset].step, frozenset())
            if routes:
                found[step.id] = frozenset(routes)
        return found

    @cached_property
    def judged(self) -> frozenset[str]:
        """The steps whose values do not always count: a route may leave them out, or somebody may reject them."""
        return frozenset(self.routes).union([step.id for step in self.marked["checkpoint"]])

    @cached_property
    def asking(self) -> frozenset[str]:
        """The steps that may wait for somebody outside: for an approval, or for a signal."""
        return frozenset([step.id for mark in ("checkpoint", "gate") for step in self.marked[mark]])

    @cached_property
    def partitioned(self) -> dict[str, Partitions]:
        """The partitions of each step that has any."""
        return {step.id: step.partitions for step in self.marked["partitions"] if step.partitions is not None}

    @cached_property
    def marked(self) -> dict[str, list[Step]]:
        """The steps that have something that most have not, by the field that says so. All are found at once: to look
        at every step of a large project takes longer than to run a small one.
        """
        found: dict[str, list[Step]] = {mark: [] for mark in _MARKS}
        for step in self.steps.values():
            values = vars(step)
            for mark, steps in found.items():
                if (value := values[mark]) is not None and value not in _NOTHING:
                    steps.append(step)
        return found

    @cached_property
    def tolerated(self) -> dict[str, frozenset[str]]:
        """The steps that may fail without those that read them being kept from running: the branches of joins that
        take failures, by the join. Only such joins are in it.
        """
        found: dict[str, frozenset[str]] = {}
        for step in self.marked["branches"]:
            needs = [item for item in step.signature.dependencies if item.asset in self.assets]
            partial = {self.assets[item.asset].step for item in needs if item.partial}
            others = {self.assets[item.asset].step for item in needs if not item.partial}
            if partial - others:
                found[step.id] = frozenset(partial - others)
        return found

    @cached_property
    def named(self) -> dict[str, tuple[Asset, ...]]:
        """The assets by id and by name."""
        found: dict[str, dict[str, Asset]] = {}
        for asset in self.assets.values():
            for name in (asset.id, asset.name):
                found.setdefault(name, {})[asset.id] = asset
        return {name: tuple(assets.values()) for name, assets in found.items()}

    @cached_property
    def io_manager_types(self) -> dict[str, str]:
        """The types of the configured IO managers, by their names."""
        return {name: config.type for name, config in self.io_managers.items()}

    @cached_property
    def registries(self) -> tuple[str, ...]:
        """Names of the registries of dynamic partitions, sorted."""
        found = {
            axis.name
            for item in set(self.partitioned.values())
            for axis in axes(item)
            if isinstance(axis, DynamicPartitions)
        }
        return tuple(sorted(found))

    @cached_property
    def positions(self) -> dict[str, int]:
        """The place of each step in the order of the project."""
        return {step: place for place, step in enumerate(self.steps)}

    @cached_property
    def checks_of(self) -> dict[str, tuple[Check, ...]]:
        """The checks on each asset that has any."""
        found: dict[str, list[Check]] = {}
        for check in self.checks:
            found.setdefault(check.asset, []).append(check)
        return {asset: tuple(checks) for asset, checks in found.items()}

    @cached_property
    def sensors_of(self) -> dict[str, tuple[Sensor, ...]]:
        """The sensors that start runs of each job that has any."""
        found: dict[str, list[Sensor]] = {}
        for sensor in self.sensors.values():
            found.setdefault(sensor.job, []).append(sensor)
        return {job: tuple(sensors) for job, sensors in found.items()}
