"""The constructs of the language as targets tell of them, and where a project uses each.

Every target says of every construct here how it is lowered; a test compares the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from flowstone.dsl.mappings import (
    AllPartitions,
    ByDimension,
    IncompatiblePartitionsError,
    Last,
    Offset,
    Only,
    PartitionMapping,
    dimension_pairs,
    each_mapping,
    is_by_dimension,
)
from flowstone.dsl.partitions import (
    CronPartitions,
    DailyPartitions,
    DynamicPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    MultiPartitions,
    Partitions,
    StaticPartitions,
    WeeklyPartitions,
    axes,
    is_finite,
)
from flowstone.dsl.schedule import Cron, Every, OnUpdate
from flowstone.ir.asset import Asset, Step
from flowstone.ir.function import Dependency
from flowstone.ir.job import Job
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.ir.registries import is_told_by_registries, registries_of
from flowstone.ir.updates import updates_of
from flowstone.targets.secrets import references_of

Places = Iterator[Location]

SENSOR = "sensor"
SAME_KEY = "mapping: same key"
FINER = "mapping: days into weeks and months, hours (UTC) into days"
HOURS = "mapping: hours into weeks and months, hours of a zone into days"
GATHERED = "mapping: partitioned into unpartitioned"
SPREAD = "mapping: unpartitioned into partitioned"
BY_HAND = "partitions without a schedule"
CRON = "partitions: cron"
STATIC = "partitions: static"
DYNAMIC = "partitions: dynamic"
MULTI = "partitions: multi"
TWINS = "partitions: multi with equal dimensions"
BY_DIMENSION = "mapping: by dimension"
CLOCK_STATIC = "schedule: Cron on static partitions"
CLOCK_DYNAMIC = "schedule: Cron on dynamic partitions"
EVERY_PARTITIONED = "schedule: Every on partitions"
UPDATE = "schedule: OnUpdate"
UPDATE_ANY = "schedule: OnUpdate, any"
UPDATE_KEYED = "schedule: OnUpdate on the same partitions"
UPDATE_ALL_KEYED = "schedule: OnUpdate on partitions, all of several"
UPDATE_PERIODS = "schedule: OnUpdate, periods of finer partitions"
UPDATE_GATHERED = "schedule: OnUpdate, partitioned into unpartitioned"
FORWARD = "mapping: Offset to later partitions of the same job"


def uses(project: Project) -> dict[str, tuple[Location, ...]]:
    """The places where a project without errors uses each construct, in the order of the table."""
    return {name: tuple(dict.fromkeys(find(project))) for name, find in CONSTRUCTS.items()}


def _steps(fits: Callable[[Step], object], keyword: str = "") -> Callable[[Project], Places]:
    """Steps for which something holds, at one of their keywords."""
    return lambda project: (_at(step, keyword) for step in project.steps.values() if fits(step))


def _assets(fits: Callable[[Asset], object], keyword: str) -> Callable[[Project], Places]:
    return lambda project: (_at(project.steps[asset.step], keyword) for asset in project.assets.values() if fits(asset))


def _jobs(fits: Callable[[Project, Job], object]) -> Callable[[Project], Places]:
    return lambda project: (_start(project, job) for job in project.jobs.values() if fits(project, job))


def _needs(fits: Callable[[_Need], object]) -> Callable[[Project], Places]:
    return lambda project: (need.dependency.location for need in _all_needs(project) if fits(need))


def _any(*_: object) -> bool:
    return True


def _at(step: Step, keyword: str) -> Location:
    return step.keywords.get(keyword, step.location)


def _start(project: Project, job: Job) -> Location:
    return job.location or project.steps[job.steps[0]].location


class _Need(Struct, frozen=True):
    """A step that reads an asset."""

    project: Project
    step: Step
    producer: Asset
    dependency: Dependency

    @property
    def default(self) -> str | None:
        """What the default mapping is here; None if another one says which keys, or there is nothing to map."""
        theirs, ours = self.producer.partitions, self.step.partitions
        if self.is_by_dimension:
            return None
        if theirs is not None and ours is not None:
            return _grains(theirs, ours) if self.dependency.mapping is None else None
        return None if theirs is ours else SPREAD if theirs is None else GATHERED

    @property
    def starts(self) -> bool:
        """Whether a new key of the producer can start a run for a key of the step, or a new value runs for all keys."""
        theirs, ours = self.producer.partitions, self.step.partitions
        if theirs is None:
            return is_told_by_registries(ours) and not self.dependency.optional
        if isinstance(self.dependency.mapping, Only | AllPartitions) or self.is_forward:
            return False
        if self.is_by_dimension:
            return ours is not None and self._shares_what_starts(theirs, ours)
        plain = StaticPartitions | DynamicPartitions
        return isinstance(ours, plain) or not isinstance(theirs, plain)

    def _shares_what_starts(self, theirs: Partitions, ours: Partitions) -> bool:
        """Whether the dimensions that tell the step's keys are among those that it reads by."""
        try:
            pairs = dimension_pairs(ours, theirs, self.dependency.mapping)
        except IncompatiblePartitionsError:  # which is a finding
            return False
        if not isinstance(ours, MultiPartitions):
            return any(pair.consumer is not None for pair in pairs)
        return len(ours.times) == 1 and any(pair.own in ours.times for pair in pairs)

    @property
    def is_by_dimension(self) -> bool:
        return is_by_dimension(self.step.partitions, self.producer.partitions, self.dependency.mapping)

    def has(self, *kinds: type) -> bool:
        """Whether some mapping is of one of these kinds."""
        return any(isinstance(item, kinds) for item in each_mapping(self.dependency.mapping))

    @property
    def is_forward(self) -> bool:
        return looks_forward(self.dependency.mapping)

    @property
    def is_all_of_own_job(self) -> bool:
        return (
            self.step.partitions is not None
            and reads_other_runs(self.producer.partitions, self.step.partitions, self.dependency.mapping)
            and self.is_of_own_job
        )

    @property
    def is_of_own_job(self) -> bool:
        """Whether some job makes both."""
        return any({self.step.id, self.producer.step} <= set(job.steps) for job in self.project.jobs.values())

    @property
    def is_in_memory(self) -> bool:
        manager = self.project.io_managers.get(self.producer.storage.manager)
        return manager is not None and manager.type == "memory" and self.producer.step != self.step.id


def looks_forward(mapping: PartitionMapping | None) -> bool:
    """Whether a mapping leads to keys that come later than the consumer's own."""
    return any(isinstance(item, Offset) and item.count > 0 for item in each_mapping(mapping))


def reads_other_runs(theirs: Partitions | None, ours: Partitions | None, mapping: PartitionMapping | None) -> bool:
    """Whether a partition of the consumer reads what runs for others of its partitions make."""
    if isinstance(mapping, ByDimension):
        return ours == theirs and any(isinstance(item, AllPartitions) for item in each_mapping(mapping))
    return isinstance(mapping, AllPartitions)


def _grains(theirs: Partitions, ours: Partitions) -> str:
    if theirs.kind == ours.kind:  # of many dimensions they are equal here
        return SAME_KEY
    if isinstance(theirs, HourlyPartitions):
        return FINER if isinstance(ours, DailyPartitions) and theirs.timezone == "UTC" else HOURS
    return FINER


def _all_needs(project: Project) -> Iterator[_Need]:
    for step in project.steps.values():
        for dependency in step.signature.dependencies:
            if dependency.asset in project.assets:
                yield _Need(project, step, project.assets[dependency.asset], dependency)


def _without_clock(project: Project) -> Places:
    """Steps of which a run has to be told its key: neither a clock nor what they read tells it."""
    for job in project.jobs.values():
        for step in (project.steps[name] for name in job.steps):
            if step.partitions is not None and job.schedule is None and not _is_started(project, job, step):
                yield _at(step, "partitioned_by")


def _is_started(project: Project, job: Job, step: Step) -> bool:
    """Whether one of the job's steps with the same definition reads keys that others make."""
    alike = {name for name in job.steps if project.steps[name].partitions == step.partitions}
    needs = (need for need in _all_needs(project) if need.step.id in alike and need.producer.step not in alike)
    return any(need.starts for need in needs)


def _has_partitions(project: Project, job: Job) -> bool:
    return any(project.steps[step].partitions is not None for step in job.steps)


def _has_other_partitions(project: Project, job: Job) -> bool:
    definitions = (project.steps[step].partitions for step in job.steps)
    return any(item is not None and not is_told_by_registries(item) for item in definitions)


def _has_static(project: Project, job: Job) -> bool:
    definitions = (project.steps[step].partitions for step in job.steps)
    return any(definition is not None and is_finite(definition) for definition in definitions)


def _has_registry(project: Project, job: Job) -> bool:
    return any(is_told_by_registries(project.steps[step].partitions) for step in job.steps)


def _follows(fits: Callable[[Partitions | None, Partitions | None], bool]) -> Callable[[Project], Places]:
    """Jobs that run after assets, by the partitions of one of these and of one of their own steps."""
    return _jobs(
        lambda project, job: any(
            fits(project.assets[asset].partitions, project.steps[step].partitions)
            for asset in updates_of(project, job)
            for step in job.steps
        )
    )


def _of_kind(kind: type[Partitions]) -> Callable[[Project], Places]:
    return _steps(lambda step: isinstance(step.partitions, kind), "partitioned_by")


def _default_mapping(name: str) -> Callable[[Project], Places]:
    return _needs(lambda need: need.default == name)


def _options(engine: str) -> Callable[[Project], Places]:
    return _steps(lambda step: step.engine_options.get(engine), engine)


def _secrets(kinds: tuple[str, ...]) -> Callable[[Project], Places]:
    """Steps that need a secret which a reference of these kinds stands for."""
    return lambda project: (
        _at(step, "io_manager")
        for step in project.steps.values()
        if any(kind in kinds for _, kind in references_of(project, step))
    )


CONSTRUCTS: Mapping[str, Callable[[Project], Places]] = {
    "asset": _steps(_any),
    "outputs": _steps(lambda step: len(step.outputs) > 1, "outputs"),
    "description, owners": _assets(lambda asset: asset.description or asset.owners, "owners"),
    "tags, group": _assets(lambda asset: asset.tags or asset.group != "default", "tags"),
    "meta": _assets(lambda asset: asset.meta, "meta"),
    "dependency": _needs(lambda need: not need.dependency.optional),
    "dependency: optional": _needs(lambda need: need.dependency.optional),
    "partitions: hourly": _of_kind(HourlyPartitions),
    "partitions: daily": _of_kind(DailyPartitions),
    "partitions: weekly": _of_kind(WeeklyPartitions),
    "partitions: monthly": _of_kind(MonthlyPartitions),
    CRON: _of_kind(CronPartitions),
    STATIC: _of_kind(StaticPartitions),
    DYNAMIC: _steps(lambda step: registries_of(step.partitions), "partitioned_by"),
    MULTI: _of_kind(MultiPartitions),
    TWINS: _steps(lambda step: len(set(axes(step.partitions))) < len(axes(step.partitions)), "partitioned_by"),
    BY_HAND: _without_clock,
    SAME_KEY: _default_mapping(SAME_KEY),
    FINER: _default_mapping(FINER),
    HOURS: _default_mapping(HOURS),
    GATHERED: _default_mapping(GATHERED),
    SPREAD: _default_mapping(SPREAD),
    BY_DIMENSION: _needs(lambda need: need.is_by_dimension),
    "mapping: Last, Offset": _needs(lambda need: need.has(Last, Offset)),
    FORWARD: _needs(lambda need: need.is_forward and need.is_of_own_job),
    "mapping: Only, AllPartitions": _needs(lambda need: need.has(Only, AllPartitions)),
    "mapping: AllPartitions into partitions of the same job": _needs(lambda need: need.is_all_of_own_job),
    "several partition definitions in a job": _jobs(
        lambda project, job: len({project.steps[step].partitions for step in job.steps}) > 1
    ),
    "io_manager": _assets(_any, "io_manager"),
    "io_manager: memory": _needs(lambda need: need.is_in_memory),
    "secret: env, file": _secrets(("env", "file")),
    "secret: airflow_connection": _secrets(("airflow_connection",)),
    "secret: prefect_secret": _secrets(("prefect_secret",)),
    "resource": lambda project: (item.location for item in project.resources.values() if not item.items),
    "config parameter": lambda project: (
        parameter.location for step in project.steps.values() for parameter in step.signature.config
    ),
    "check": lambda project: (check.location for check in project.checks),
    "add_partitions": lambda project: (
        fact.location for facts in project.bodies.values() for fact in facts if fact.kind == "adds partitions"
    ),
    "check: blocking": lambda project: (check.location for check in project.checks if check.blocking),
    "retries": _steps(lambda step: step.retries, "retries"),
    "retries: on": _steps(lambda step: step.retries and step.retries.on, "retries"),
    "timeout": _steps(lambda step: step.timeout is not None, "timeout"),
    "concurrency": _steps(lambda step: step.concurrency, "concurrency"),
    "cache": _steps(lambda step: step.cache, "cache"),
    "scatter": _steps(lambda step: step.scatter, "scatter"),
    "scatter: rate_limit": _steps(lambda step: step.scatter and step.scatter.rate_limit, "scatter"),
    "item_reader": lambda project: (item.location for item in project.resources.values() if item.items),
    "route": _steps(lambda step: step.choices, "choices"),
    "routed_from": _steps(lambda step: step.routed_from, "routed_from"),
    "join": _steps(lambda step: step.branches, "branches"),
    "join: partial": _steps(lambda step: any(need.partial for need in step.signature.dependencies), "on_failure"),
    "checkpoint": _steps(lambda step: step.checkpoint, "checkpoint"),
    "signal_gate": _steps(lambda step: step.gate, "signal_gate"),
    "job": _jobs(_any),
    "job without schedule": _jobs(lambda _, job: job.schedule is None),
    "job: concurrency": _jobs(lambda _, job: job.concurrency is not None),
    "schedule: Cron": _jobs(lambda _, job: isinstance(job.schedule, Cron)),
    CLOCK_DYNAMIC: _jobs(lambda project, job: isinstance(job.schedule, Cron) and _has_registry(project, job)),
    CLOCK_STATIC: _jobs(lambda project, job: isinstance(job.schedule, Cron) and _has_static(project, job)),
    "schedule: Every": _jobs(lambda _, job: isinstance(job.schedule, Every)),
    EVERY_PARTITIONED: _jobs(
        lambda project, job: isinstance(job.schedule, Every) and _has_other_partitions(project, job)
    ),
    UPDATE: _jobs(lambda _, job: isinstance(job.schedule, OnUpdate)),
    UPDATE_ANY: _jobs(lambda _, job: isinstance(job.schedule, OnUpdate) and job.schedule.when == "any"),
    UPDATE_KEYED: _follows(lambda theirs, ours: ours is not None and theirs is not None and theirs.kind == ours.kind),
    UPDATE_ALL_KEYED: _jobs(
        lambda project, job: (
            _has_partitions(project, job)
            and isinstance(job.schedule, OnUpdate)
            and job.schedule.when == "all"
            and len(updates_of(project, job)) > 1
        )
    ),
    UPDATE_PERIODS: _follows(lambda theirs, ours: ours is not None and theirs is not None and theirs.kind != ours.kind),
    UPDATE_GATHERED: _follows(lambda theirs, ours: ours is None and theirs is not None),
    SENSOR: lambda project: (sensor.location for sensor in project.sensors.values()),
    "airflow=": _options("airflow"),
    "prefect=": _options("prefect"),
    "local=": _options("local"),
}
"""How each construct is found."""
