"""The Airflow DAGs of a project: one for each group of a job's steps, and what starts each of them.

Within a DAG failures propagate and a run is one consistent whole; between DAGs there are asset events only. Events
carry the partition key of the run that caused them, so that each edge between DAGs becomes a mapping of keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from flowstone.dsl.mappings import AllPartitions, Only
from flowstone.dsl.partitions import (
    DailyPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    PartitionKeyError,
    Partitions,
    StaticPartitions,
    WeeklyPartitions,
)
from flowstone.dsl.schedule import Schedule
from flowstone.ir.function import Dependency
from flowstone.ir.job import Job
from flowstone.ir.project import Project
from flowstone.targets.airflow_clock import RefusedError
from flowstone.targets.constructs import looks_forward
from flowstone.targets.groups import Group, groups
from flowstone.targets.literals import Call, call

ALL = "all"
"""The key of runs that gather what partitioned DAGs make into something unpartitioned."""

_START = {"weekly": "StartOfWeekMapper", "monthly": "StartOfMonthMapper", "daily": "StartOfDayMapper"}
_WINDOW = {"weekly": "WeekWindow", "monthly": "MonthWindow", "daily": "DayWindow"}


class Clock(Struct, frozen=True):
    """Runs are started by the job's schedule."""

    schedule: Schedule


class Events(Struct, frozen=True):
    """Runs are started once each of these assets has a new event."""

    mappers: Mapping[str, Call | None]
    """How the key of an asset's event becomes the key of the run, by asset; None: it stays the same."""
    keyed: bool
    """Events and runs carry keys."""


Trigger = Clock | Events | None
"""None: runs are started by hand only."""


class Dag(Struct, frozen=True):
    """One DAG."""

    id: str
    job: Job
    group: Group
    trigger: Trigger
    awaits: tuple[str, ...]
    """Unpartitioned assets of the same job that another DAG makes by the same clock. Their events carry no key and so
    cannot start a partitioned run; it waits for them."""


class Refused(Struct, frozen=True):
    """An edge that Airflow cannot follow."""

    dependency: Dependency
    reason: str
    help: str


class Plan(Struct, frozen=True):
    """The DAGs of a project, and the edges between them that Airflow cannot follow."""

    dags: tuple[Dag, ...]
    refused: tuple[Refused, ...]


def plan(project: Project) -> Plan:
    """The DAGs of all jobs, in the order of the jobs."""
    planner = _Planner(project)
    dags = tuple(
        Dag(_dag_id(project, job, group), job, group, planner.trigger(job, group), planner.awaits(job, group))
        for job in project.jobs.values()
        for group in planner.groups[job.name]
    )
    return Plan(dags, tuple(planner.refused))


def _dag_id(project: Project, job: Job, group: Group) -> str:
    return "__".join(part for part in (project.name, job.name, group.label) if part)


class _Planner(Struct):
    project: Project
    groups: dict[str, tuple[Group, ...]] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    _found: dict[tuple[str, str], Trigger] = field(default_factory=dict)
    _home: dict[str, tuple[Job, Group]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for job in self.project.jobs.values():
            self.groups[job.name] = groups(self.project, job)
            for group in self.groups[job.name]:
                for step in group.steps:
                    self._home.setdefault(step, (job, group))

    def trigger(self, job: Job, group: Group) -> Trigger:
        """What starts runs of a group: what it reads in its job, else the job's schedule, else what other jobs make."""
        address = job.name, group.label
        if address not in self._found:
            self._found[address] = None  # jobs that read each other: the second one is started by hand
            inside = [need for need in self._needs(group) if self._step(need) in job.steps]
            outside = [need for need in self._needs(group) if self._step(need) not in job.steps]
            trigger: Trigger = self._events(group, inside)
            if trigger is None:
                trigger = Clock(job.schedule) if job.schedule is not None else self._events(group, outside)
            self._found[address] = trigger
            self._demand_events(group, trigger)
        return self._found[address]

    def awaits(self, job: Job, group: Group) -> tuple[str, ...]:
        """What runs of a group by the clock have to wait for."""
        if group.partitions is None or not isinstance(self.trigger(job, group), Clock):
            return ()
        inside = (need for need in self._needs(group) if self._step(need) in job.steps and not need.optional)
        found = {need.asset: need for need in inside if self.project.assets[need.asset].partitions is None}
        self._refuse_routed(found.values())
        return tuple(found)

    def _demand_events(self, group: Group, trigger: Trigger) -> None:
        """Refuse what starts runs only together with others, or what others do without, if a route may leave it out."""
        routes = self.project.routes
        if not routes or not isinstance(trigger, Events) or (trigger.keyed and group.partitions is None):
            return
        needs = [need for need in self._needs(group) if need.asset in trigger.mappers]
        alike = len({routes.get(self._step(need)) for need in needs}) == 1
        if not alike or any(need.optional for need in needs) or any(step not in routes for step in group.steps):
            self._refuse_routed(needs)

    def _refuse_routed(self, needs: Iterable[Dependency]) -> None:
        reason = "a route may leave it out, and what waits for it would wait for ever"
        advice = "put what reads it into the same job, with the same partitions"
        routed = (need for need in needs if self._step(need) in self.project.routes)
        self.refused += [Refused(need, reason, advice) for need in routed]

    def _step(self, need: Dependency) -> str:
        return self.project.assets[need.asset].step

    def _needs(self, group: Group) -> Iterator[Dependency]:
        """What the steps of a group read from elsewhere; what is read by the default mapping comes first."""
        needs = [
            need
            for step in group.steps
            for need in self.project.steps[step].signature.dependencies
            if need.asset in self.project.assets and self._step(need) not in group.steps
        ]
        return iter(sorted(needs, key=lambda need: need.mapping is not None))

    def _events(self, group: Group, needs: list[Dependency]) -> Events | None:
        """A trigger by what must be there; by what may be missing only if there is nothing else."""
        required = self._mapped(group, [need for need in needs if not need.optional])
        return required or self._mapped(group, [need for need in needs if need.optional])

    def _mapped(self, group: Group, needs: list[Dependency]) -> Events | None:
        keyed: dict[str, Call | None] = {}
        plain: dict[str, Call | None] = {}
        for need in needs:
            producer = self.project.assets[need.asset].partitions
            if producer is None:
                if group.partitions is None:
                    (keyed if self._gathers(self._step(need)) else plain).setdefault(need.asset, None)
                continue
            try:
                mapper = _mapper(group.partitions, producer, need)
            except RefusedError as error:
                self.refused.append(Refused(need, str(error), "put an asset with daily partitions between them"))
                continue
            if mapper is not _NO_EVENT:
                keyed.setdefault(need.asset, mapper)
        if keyed:
            return Events(keyed, keyed=True)
        return Events(plain, keyed=False) if plain else None

    def _gathers(self, step: str) -> bool:
        """Whether the events of an unpartitioned step carry the key of runs that gather."""
        if step not in self._home:
            return False
        trigger = self.trigger(*self._home[step])
        return isinstance(trigger, Events) and trigger.keyed


_NO_EVENT = call("no_event")


def _mapper(consumer: Partitions | None, producer: Partitions, need: Dependency) -> Call | None:
    """How a key of the producer becomes one of the consumer; ``_NO_EVENT`` if it cannot be told.

    Errors: RefusedError if Airflow has no mapping for it.
    """
    if consumer is None:
        return _gathering(producer, need)
    if isinstance(need.mapping, Only | AllPartitions) or looks_forward(need.mapping):
        return _NO_EVENT
    if producer == consumer:
        return None
    if isinstance(consumer, StaticPartitions):
        return call("AllowedKeyMapper", _texts(consumer))
    if isinstance(producer, StaticPartitions):
        return _NO_EVENT
    if producer.kind == consumer.kind:
        return None
    return _rollup(consumer, producer)


def _gathering(producer: Partitions, need: Dependency) -> Call:
    """One run for everything; if certain keys are read, once they are all there. Errors: RefusedError."""
    fixed = call("FixedKeyMapper", ALL)
    if isinstance(need.mapping, Only):
        keys = _fixed(producer, need.mapping)
    elif isinstance(producer, StaticPartitions):
        keys = _texts(producer)
    else:
        return fixed
    return call("RollupMapper", upstream_mapper=fixed, window=call("SegmentWindow", keys))


def _fixed(producer: Partitions, mapping: Only) -> list[str]:
    try:
        return [producer.parse(key).text for key in mapping.keys]
    except PartitionKeyError as error:  # FS402, which the user chose to ignore
        raise RefusedError(str(error)) from error


def _texts(partitions: StaticPartitions) -> list[str]:
    return [partitions.parse(value).text for value in partitions.values]


def _rollup(consumer: Partitions, producer: Partitions) -> Call:
    """One run for a coarse period, once all finer ones in it are there. Errors: RefusedError."""
    if isinstance(producer, HourlyPartitions):
        if not isinstance(consumer, DailyPartitions):
            raise RefusedError(f"Airflow gathers hours into days only, not into {consumer.kind} partitions")
        if producer.timezone != "UTC":
            raise RefusedError(
                f"Airflow takes every day for 24 hours, and in {producer.timezone} some are shorter or longer"
            )
    assert isinstance(consumer, DailyPartitions | WeeklyPartitions | MonthlyPartitions)
    assert not isinstance(producer, StaticPartitions)
    start = call(_START[consumer.kind], input_format=producer.key_format, output_format=consumer.key_format)
    return call("RollupMapper", upstream_mapper=start, window=call(_WINDOW[consumer.kind]))
