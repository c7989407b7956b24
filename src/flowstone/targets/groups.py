"""Splitting a job into groups of steps with one partition definition each: the DAGs of the job.

A run of an Airflow DAG carries one partition key. Steps of one definition are kept together as far as the graph of the
groups stays free of cycles: reference assets that are read by daily ones, which a report reads, make three groups. They
are parted too where a group would wait for the events of another one that what follows it does not need: a reference
table is no part of the group that gathers some other asset's partitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from flowstone.dsl.partitions import Partitions
from flowstone.ir.job import Job
from flowstone.ir.project import Project


class Group(Struct, frozen=True):
    """Steps of a job that share a partition definition."""

    label: str
    """``daily``, ``monthly`` ...; of unpartitioned groups the first is empty, and those that follow partitioned ones
    are ``summary``. Where a label comes again, ``_2`` ... is added. It depends on nothing but definitions and order, so
    that an added asset renames no DAG."""
    partitions: Partitions | None
    steps: tuple[str, ...]
    """In topological order."""


def groups(project: Project, job: Job) -> tuple[Group, ...]:
    """The groups of a job, each before those that read from it."""
    remaining = list(job.steps)
    done: dict[str, int] = {}
    inside = set(job.steps)
    found: list[Group] = []
    labels: dict[str, int] = {}
    while remaining:
        chosen = _unhindered(project, _next(project, remaining, done, inside), remaining, done)
        definition = project.steps[chosen[0]].partitions
        label = definition.kind if definition is not None else "" if "" not in labels else "summary"
        labels[label] = labels.get(label, 0) + 1
        found.append(Group(label if labels[label] == 1 else f"{label}_{labels[label]}", definition, tuple(chosen)))
        done.update(dict.fromkeys(chosen, len(found)))
        remaining = [step for step in remaining if step not in done]
    return tuple(found)


def _next(project: Project, remaining: list[str], done: Mapping[str, int], inside: set[str]) -> list[str]:
    """The steps of the next group: a definition that can be finished, or else the first with something ready."""
    definitions = list(dict.fromkeys(project.steps[step].partitions for step in remaining))
    definitions.sort(key=lambda item: (item is not None, getattr(item, "grain", 9), repr(item)))
    candidates = []
    for definition in definitions:
        mine = [step for step in remaining if project.steps[step].partitions == definition]
        ready = _ready(project, mine, done, inside)
        if len(ready) == len(mine):
            return ready
        if ready:
            candidates.append(ready)
    return candidates[0]


def _unhindered(project: Project, chosen: list[str], remaining: list[str], done: Mapping[str, int]) -> list[str]:
    """Those of the chosen steps that are one group: nothing behind it is to wait for groups that it does not need."""
    waits = _waits(project, chosen, done)
    everything = frozenset[int]().union(*waits.values())
    if all(found == everything for found in waits.values()):
        return chosen
    behind = _waits(project, remaining, done)
    hindered = {
        need
        for step in remaining
        if step not in waits and not everything <= behind[step]
        for need in project.upstream[step]
        if need in waits
    }
    least = min((waits[step] for step in chosen if step in hindered), key=len, default=everything)
    return [step for step in chosen if waits[step] <= least]


def _waits(project: Project, steps: Iterable[str], done: Mapping[str, int]) -> dict[str, frozenset[int]]:
    """The earlier groups (by number) whose events each step (in topological order) or one that it needs waits for."""
    found: dict[str, frozenset[int]] = {}
    for step in steps:
        needs = project.upstream[step]
        events = {done[need] for need in needs if need in done and _is_event(project, need, step)}
        found[step] = frozenset(events).union(*(found[need] for need in needs if need in found))
    return found


def _is_event(project: Project, producer: str, consumer: str) -> bool:
    """Whether what one step makes starts a run of the other: without a key it cannot start one that has a key."""
    return project.steps[consumer].partitions is None or project.steps[producer].partitions is not None


def _ready(project: Project, steps: Iterable[str], done: Mapping[str, int], inside: set[str]) -> list[str]:
    """Steps (in topological order) that need nothing of the job but what is done or among the ready ones."""
    ready: list[str] = []
    have = set(done)
    for step in steps:
        if all(need in have or need not in inside for need in project.upstream[step]):
            ready.append(step)
            have.add(step)
    return ready
