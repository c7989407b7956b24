"""From selected steps and keys to tasks in the order in which they can run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from msgspec import Struct, structs

from flowstone.dsl.mappings import KeySelection, PartitionMapping
from flowstone.dsl.partitions import PartitionKey, Partitions
from flowstone.errors import UsageError
from flowstone.ir.function import Dependency
from flowstone.ir.project import Project
from flowstone.ir.run_keys import Keys, all_keys, assign_keys
from flowstone.runtime.keys import selection
from flowstone.runtime.prepared import PreparedStep, Source, prepare


class Task(Struct, frozen=True, gc=False):
    """One step for one partition."""

    step: str
    partition: str | None
    needs: tuple[int, ...]
    """Places in the plan of the tasks that come first."""


@dataclass(frozen=True)
class Plan:
    """What a run does."""

    tasks: tuple[Task, ...]
    """Each after all those that it needs."""
    without_key: tuple[str, ...] = ()
    """Selected steps for which no key was given and none follows from the others, and those that wait for them."""
    keys: Mapping[Partitions, Keys] = field(default_factory=dict)
    """The keys of the tasks, by their definition."""

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """Ids of the steps of the tasks, in the order in which they begin."""
        return tuple(dict.fromkeys([task.step for task in self.tasks]))


def plan(
    project: Project,
    steps: Sequence[str],
    keys: Sequence[str] = (),
    until: datetime | None = None,
    prepared: Callable[[str], PreparedStep] | None = None,
) -> Plan:
    """The tasks of the steps (ids in the order of the project) for the given keys or ranges of keys.

    Without keys, ``until`` asks for all partitions whose time has come by then. What a task reads from outside the plan
    is expected to be stored. ``prepared`` gives the steps to a caller who keeps them, and needs them later on.
    Errors: PartitionKeyError, ValueError as ``assign_keys``; UsageError if the steps need each other in a circle.
    """
    assigned = all_keys(project, steps, until) if until and not keys else assign_keys(project, steps, keys)
    nodes = [(step, key) for step in steps for key in assigned[step]]
    places = {(step, None if key is None else key.text): place for place, (step, key) in enumerate(nodes)}
    edges = _Edges(prepared or (lambda step: prepare(project, project.steps[step])), assigned, places)
    needs = [edges.of(step, key, place) for place, (step, key) in enumerate(nodes)]
    order = _topological(needs)
    if len(order) < len(nodes):
        stuck = sorted({nodes[place][0] for place in set(range(len(nodes))) - set(order)})
        raise UsageError(f"the steps {', '.join(stuck[:10])} need each other in a circle", help="run flowstone check")
    if order != list(range(len(order))):
        new_place = {old: new for new, old in enumerate(order)}
        nodes, needs = [nodes[old] for old in order], [{new_place[need] for need in needs[old]} for old in order]
    tasks = [
        Task(step, None if key is None else key.text, tuple(sorted(first)))
        for (step, key), first in zip(nodes, needs, strict=True)
    ]
    partitioned = project.partitioned
    by_definition = {partitioned[step]: assigned[step] for step in steps if step in partitioned}
    return Plan(tuple(tasks), tuple(step for step in steps if not assigned[step]), by_definition)


def restricted(planned: Plan, wanted: Callable[[Task], bool]) -> Plan:
    """The tasks of a plan that are wanted. The others stay as they are, so that nothing waits for them."""
    new_place: dict[int, int] = {}
    tasks: list[Task] = []
    for place, task in enumerate(planned.tasks):
        if wanted(task):
            new_place[place] = len(tasks)
            needs = tuple(new_place[need] for need in task.needs if need in new_place)
            tasks.append(structs.replace(task, needs=needs))
    return replace(planned, tasks=tuple(tasks))


class _Edges:
    """Finds the tasks that a task needs. Selections of keys are shared by all steps with the same partitions."""

    def __init__(
        self,
        prepared: Callable[[str], PreparedStep],
        assigned: dict[str, Keys],
        places: dict[tuple[str, str | None], int],
    ) -> None:
        self._prepared = prepared
        self._assigned = assigned
        self._places = places
        self._selections: dict[
            tuple[Partitions | None, Partitions | None, PartitionMapping | None, str | None], KeySelection
        ] = {}

    def of(self, step: str, key: PartitionKey | None, place: int) -> set[int]:
        """Places of what one task needs, as far as it is in the plan."""
        found: set[int] = set()
        prepared = self._prepared(step)
        for source in prepared.sources:
            for text in (None,) if source.plain else self._texts(prepared, source, key):
                other = self._places.get((source.step, text))
                if other is not None and other != place:
                    found.add(other)
        return found

    def _texts(self, prepared: PreparedStep, source: Source, key: PartitionKey | None) -> list[str | None]:
        """The partitions that are read, as far as it is known what there will be."""
        keys = self._assigned.get(source.step)
        if not keys:
            return []
        selected = self._selection(prepared.partitions, source.asset.partitions, source.dependency, key)
        chosen = selected.among(keys) if selected.stored else selected.keys
        return [None if item is None else item.text for item in chosen]

    def _selection(
        self,
        consumer: Partitions | None,
        producer: Partitions | None,
        dependency: Dependency,
        key: PartitionKey | None,
    ) -> KeySelection:
        if dependency.mapping is None and (producer is None or producer is consumer):
            return selection(consumer, producer, dependency, key)
        name = consumer, producer, dependency.mapping, None if key is None else key.text
        found = self._selections.get(name)
        if found is None:
            found = self._selections[name] = selection(consumer, producer, dependency, key)
        return found


def _topological(needs: Sequence[set[int]]) -> list[int]:
    """Places so that each follows its needs; otherwise in the given order. Places in a circle are left out."""
    if all(max(given, default=-1) < place for place, given in enumerate(needs)):
        return list(range(len(needs)))
    waiting = [len(given) for given in needs]
    users: list[list[int]] = [[] for _ in needs]
    for place, given in enumerate(needs):
        for need in given:
            users[need].append(place)
    ready = deque(place for place, count in enumerate(waiting) if not count)
    order = []
    while ready:
        place = ready.popleft()
        order.append(place)
        for user in users[place]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return order
