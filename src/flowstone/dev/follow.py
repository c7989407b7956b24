"""Which jobs follow assets, and what a run of them makes after one was made."""

from __future__ import annotations

from flowstone.dsl.partitions import PartitionKey, PartitionKeyError, Partitions, TimePartitions
from flowstone.dsl.schedule import OnUpdate
from flowstone.ir.job import Job
from flowstone.ir.project import Project
from flowstone.ir.run_keys import axes_of, definitions, why_not_key
from flowstone.ir.updates import updates_of
from flowstone.targets.prefect_rules import starters


def followed(project: Project, job: Job) -> tuple[str, ...]:
    """The assets whose update starts a job: those of ``OnUpdate``, and of a job without a schedule those it reads."""
    if isinstance(job.schedule, OnUpdate):
        return updates_of(project, job)
    return tuple(starters(project, job)) if job.schedule is None else ()


def is_any(job: Job) -> bool:
    """Whether one of several assets is enough."""
    return isinstance(job.schedule, OnUpdate) and job.schedule.when == "any"


def keys_after(project: Project, job: Job, asset: str, partition: str | None) -> tuple[str, ...] | None:
    """The keys of the job's partitions that an update of an asset's partition tells; None if it tells none of them."""
    if not definitions(project, job.steps):
        return ()
    definition = project.assets[asset].partitions
    if definition is None or partition is None:
        return None
    if why_not_key(project, job.steps, partition) is None:
        return (partition,)
    try:
        key = definition.parse(partition)
    except PartitionKeyError:  # the definition was changed since it was made
        return None
    parts = [part.text for part in (key.dimensions or {}).values()]
    if found := tuple(text for text in parts if why_not_key(project, job.steps, text) is None):
        return found
    period = _completed(project, job, key)
    return None if period is None else (period,)


def _completed(project: Project, job: Job, key: PartitionKey) -> str | None:
    """The period of the job that ends with the key's own."""
    for axis in axes_of(project, job.steps):
        if isinstance(axis, TimePartitions) and key.start is not None:
            coarse = _at(axis, key)
            if coarse is not None and coarse.end == key.end:
                return coarse.text
    return None


def _at(axis: Partitions, key: PartitionKey) -> PartitionKey | None:
    assert isinstance(axis, TimePartitions)
    assert key.start is not None
    try:
        return axis.at(key.start)
    except PartitionKeyError:
        return None
