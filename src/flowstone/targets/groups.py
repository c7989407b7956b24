"""Splitting a job into groups of steps with one partition definition each: the DAGs of the job.

A run of an Airflow DAG carries one partition key. Steps of one definition are kept together as far as the graph of the
groups stays free of cycles: reference assets that are read by daily ones, which a report reads, make three groups.
"""

from __future__ import annotations

from collections.abc import Iterable

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
    done: set[str] = set()
    inside = set(job.steps)
    found: list[Group] = []
    labels: dict[str, int] = {}
    while remaining:
        chosen = _next(project, remaining, done, inside)
        definition = project.steps[chosen[0]].partitions
        label = definition.kind if definition is not None else "" if "" not in labels else "summary"
        labels[label] = labels.get(label, 0) + 1
        found.append(Group(label if labels[label] == 1 else f"{label}_{labels[label]}", definition, tuple(chosen)))
        done.update(chosen)
        remaining = [step for step in remaining if step not in done]
    return tuple(found)


def _next(project: Project, remaining: list[str], done: set[str], inside: set[str]) -> list[str]:
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


def _ready(project: Project, steps: Iterable[str], done: set[str], inside: set[str]) -> list[str]:
    """Steps (in topological order) that need nothing of the job but what is done or among the ready ones."""
    ready: list[str] = []
    have = set(done)
    for step in steps:
        if all(need in have or need not in inside for need in project.upstream[step]):
            ready.append(step)
            have.add(step)
    return ready
