"""The Airflow DAGs of a project: one for each group of a job's steps, and what starts each of them.

Within a DAG failures propagate and a run is one consistent whole; between DAGs there are asset events only. Events
carry the partition key of the run that caused them, so that each edge between DAGs becomes a mapping of keys.

A DAG with partitions of many dimensions has a DAG before it, which runs for a key of the only dimension with periods
and tells all combinations that belong to it. What is read by one of the dimensions has events of its own for it. So it
is with keys of registries: a DAG without partitions, started by a clock or by what is read that has none, tells all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from flowstone.dsl.mappings import IncompatiblePartitionsError
from flowstone.dsl.partitions import MultiPartitions
from flowstone.dsl.schedule import Cron, Every, OnUpdate
from flowstone.ir.function import Dependency
from flowstone.ir.job import Job
from flowstone.ir.project import Project
from flowstone.ir.registries import is_told_by_registries
from flowstone.ir.updates import updates_of
from flowstone.targets.airflow_clock import RefusedError
from flowstone.targets.airflow_dags import Clock, Dag, Events, Keys, Plan, Refused, Trigger, When
from flowstone.targets.airflow_mappers import gathering, source_of
from flowstone.targets.groups import Group, groups
from flowstone.targets.literals import Call

_FOLLOW = "put these assets into a job of their own, or let a clock start them"


def plan(project: Project) -> Plan:
    """The DAGs of all jobs, in the order of the jobs."""
    planner = _Planner(project)
    dags = tuple(
        planner.dag(_dag_id(project, job, group), job, group)
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
    _starts: dict[tuple[str, str], Trigger] = field(default_factory=dict)
    """Of groups whose keys another DAG tells, what starts that."""
    _home: dict[str, tuple[Job, Group]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for job in self.project.jobs.values():
            self.groups[job.name] = groups(self.project, job)
            for group in self.groups[job.name]:
                for step in group.steps:
                    self._home.setdefault(step, (job, group))

    def dag(self, id: str, job: Job, group: Group) -> Dag:
        """The DAG of a group."""
        trigger, partitions = self.trigger(job, group), group.partitions
        start = self._starts.get((job.name, group.label))
        keys = None
        if start is not None:
            axis = next(iter(partitions.times.values()), None) if isinstance(partitions, MultiPartitions) else None
            keys = Keys(f"{id}__keys", _keys_source(job, group), axis, start)
        awaits = self._awaits(job, group) if isinstance(trigger, Clock) or isinstance(start, Clock) else ()
        return Dag(id, job, group, trigger, awaits, keys)

    def trigger(self, job: Job, group: Group) -> Trigger:
        """What starts runs of a group: what it reads in its job, else the job's schedule, else what other jobs make."""
        address = job.name, group.label
        if address not in self._found:
            self._found[address] = None  # jobs that read each other: the second one is started by hand
            inside = [need for need in self._needs(group) if self._step(need) in job.steps]
            outside = [need for need in self._needs(group) if self._step(need) not in job.steps]
            trigger: Trigger = self._events(job, group, inside)
            if trigger is None and not isinstance(job.schedule, Cron | Every):
                trigger = self._anew(job, group, inside)
            if trigger is None and isinstance(job.schedule, OnUpdate):
                self._found[address] = self._updates(job, group, job.schedule)
                return self._found[address]
            if trigger is None:
                trigger = self._clock(job, group) or self._events(job, group, outside)
                trigger = trigger or self._anew(job, group, outside)
            self._found[address] = trigger
            self._demand_events(job, group, trigger)
        return self._found[address]

    def _clock(self, job: Job, group: Group) -> Trigger:
        if job.schedule is None or isinstance(job.schedule, OnUpdate):
            return None
        clock = Clock(job.schedule)
        many = isinstance(group.partitions, MultiPartitions) and len(group.partitions.times) == 1
        if not many and not is_told_by_registries(group.partitions):
            return clock
        return self._by_keys(job, group, clock)

    def _anew(self, job: Job, group: Group, needs: list[Dependency], when: When = None) -> Trigger:
        """What starts all keys of registries: what is read that has no partitions, since its events carry no key."""
        assets = [need.asset for need in needs if not need.optional and self._is_plain(need)]
        if not assets or not is_told_by_registries(group.partitions):
            return None
        return self._by_keys(job, group, Events(dict.fromkeys(assets), keyed=False, when=when))

    def _is_plain(self, need: Dependency) -> bool:
        """Whether the events of an asset carry no key."""
        return self.project.assets[need.asset].partitions is None and not self._gathers(self._step(need))

    def _updates(self, job: Job, group: Group, schedule: OnUpdate) -> Trigger:
        """What starts runs of a group of a job that follows assets, by what it reads of them or by their own keys."""
        reads = {need.asset: need for need in self._needs(group)}
        place = job.location or self.project.steps[group.steps[0]].location
        assets = updates_of(self.project, job)
        needs = [reads.get(asset) or Dependency(asset=asset, location=place) for asset in assets]
        if all(map(self._is_plain, needs)) and (found := self._anew(job, group, needs, schedule.when)) is not None:
            return found
        self._refuse_unkeyed(job, group)
        events = None if self._has_other_dimensions(group, needs) else self._mapped(job, group, needs)
        told = set() if events is None else {source.split("/")[0] for source in events.mappers}
        reason = "its events do not say which partition a run is for, or not together with the others'"
        self.refused += [Refused(need, reason, _FOLLOW) for need in needs if need.asset not in told]
        return None if events is None else replace(events, when=schedule.when)

    def _has_other_dimensions(self, group: Group, needs: list[Dependency]) -> bool:
        """Whether a key of many dimensions would have to be put together from events."""
        many = isinstance(group.partitions, MultiPartitions)
        return many and any(self._is_told_by_keys(group, need) for need in needs)

    def _refuse_unkeyed(self, job: Job, group: Group) -> None:
        """Refuse what the same job makes without partitions: the events do not tell whether it is made already."""
        reason = "it is made by another DAG after the same events, and a partitioned run does not wait for it"
        for need in self._needs(group) if group.partitions is not None else ():
            if self._step(need) in job.steps and self.project.assets[need.asset].partitions is None:
                self.refused.append(Refused(need, reason, _FOLLOW))

    def _by_keys(self, job: Job, group: Group, start: Trigger) -> Events:
        self._starts[job.name, group.label] = start
        return Events({_keys_source(job, group): None}, keyed=True)

    def _awaits(self, job: Job, group: Group) -> tuple[str, ...]:
        """What runs of a group by the clock have to wait for."""
        if group.partitions is None:
            return ()
        inside = (need for need in self._needs(group) if self._step(need) in job.steps and not need.optional)
        found = {need.asset: need for need in inside if self.project.assets[need.asset].partitions is None}
        self._refuse_routed(found.values())
        self._refuse_partial(found.values())
        return tuple(found)

    def _demand_events(self, job: Job, group: Group, trigger: Trigger) -> None:
        """Refuse what starts runs only together with others, or what others do without, if a route may leave it out.

        A branch that failed has no event, so a join that takes failures cannot wait for one.
        """
        routes = self.project.routes
        if not isinstance(trigger, Events) or (trigger.keyed and group.partitions is None):
            return
        triggers = (trigger, self._starts.get((job.name, group.label)))
        sources = (source for item in triggers if isinstance(item, Events) for source in item.mappers)
        assets = {source.split("/")[0] for source in sources if not _is_of_keys(source)}
        needs = [need for need in self._needs(group) if need.asset in assets]
        self._refuse_partial(needs)
        if not routes:
            return
        alike = len({routes.get(self._step(need)) for need in needs}) == 1
        if not alike or any(need.optional for need in needs) or any(step not in routes for step in group.steps):
            self._refuse_routed(needs)

    def _refuse_routed(self, needs: Iterable[Dependency]) -> None:
        reason = "a route may leave it out, and what waits for it would wait for ever"
        advice = "put what reads it into the same job, with the same partitions"
        routed = (need for need in needs if self._step(need) in self.project.routes)
        self.refused += [Refused(need, reason, advice) for need in routed]

    def _refuse_partial(self, needs: Iterable[Dependency]) -> None:
        reason = "where it fails it has no event, and the join would wait for ever"
        advice = "put the branch into the same job, with the same partitions"
        self.refused += [Refused(need, reason, advice) for need in needs if need.partial]

    def _refuse(self, need: Dependency, error: Exception) -> None:
        self.refused.append(Refused(need, str(error), "put an asset with daily partitions between them"))

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

    def _events(self, job: Job, group: Group, needs: list[Dependency]) -> Events | None:
        """A trigger by what must be there; by what may be missing only if there is nothing else."""
        required = self._mapped(job, group, [need for need in needs if not need.optional])
        return required or self._mapped(job, group, [need for need in needs if need.optional])

    def _mapped(self, job: Job, group: Group, needs: list[Dependency]) -> Events | None:
        if group.partitions is None:
            return self._gathered(needs)
        same: dict[str, Call | None] = {}
        other: dict[str, Call | None] = {}
        for need in needs:
            found = self._source(group, need)
            if found is not None:
                (other if self._is_told_by_keys(group, need) else same).setdefault(*found)
        if not isinstance(group.partitions, MultiPartitions):
            return Events({**same, **other}, keyed=True) if same or other else None
        if not other:
            return Events(same, keyed=True) if same else None
        keys = self._by_keys(job, group, Events(other, keyed=True))
        return Events({**keys.mappers, **same}, keyed=True)

    def _is_told_by_keys(self, group: Group, need: Dependency) -> bool:
        ours, theirs = group.partitions, self.project.assets[need.asset].partitions
        return isinstance(ours, MultiPartitions) and (ours != theirs or need.mapping is not None)

    def _source(self, group: Group, need: Dependency) -> tuple[str, Call | None] | None:
        """Whose events tell a key of a partitioned group, and how: one of its own, or of its dimension with periods."""
        ours, theirs = group.partitions, self.project.assets[need.asset].partitions
        assert ours is not None
        if theirs is None:
            return None
        try:
            if not isinstance(ours, MultiPartitions):
                return source_of(ours, theirs, need, "")
            if not self._is_told_by_keys(group, need):
                return need.asset, None
            if len(ours.times) != 1:
                return None
            return source_of(ours, theirs, need, next(iter(ours.times)))
        except (RefusedError, IncompatiblePartitionsError) as error:  # the latter was found by check, and ignored
            self._refuse(need, error)
            return None

    def _gathered(self, needs: list[Dependency]) -> Events | None:
        """What starts a run that gathers partitions, or that needs none."""
        keyed: dict[str, Call | None] = {}
        plain: dict[str, Call | None] = {}
        for need in needs:
            producer = self.project.assets[need.asset].partitions
            if producer is None:
                (keyed if self._gathers(self._step(need)) else plain).setdefault(need.asset, None)
                continue
            try:
                keyed.setdefault(need.asset, gathering(producer, need))
            except RefusedError as error:
                self._refuse(need, error)
        if keyed:
            return Events(keyed, keyed=True)
        return Events(plain, keyed=False) if plain else None

    def _gathers(self, step: str) -> bool:
        """Whether the events of an unpartitioned step carry the key of runs that gather."""
        if step not in self._home:
            return False
        trigger = self.trigger(*self._home[step])
        return isinstance(trigger, Events) and trigger.keyed


def _keys_source(job: Job, group: Group) -> str:
    return f"{job.name}/{group.label}/keys"


def _is_of_keys(source: str) -> bool:
    return source.count("/") > 1
