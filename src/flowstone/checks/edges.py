"""The edges of the graph with what must fit on them: producer, consumer, and how many keys arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from flowstone.checks.zones import known_zone
from flowstone.dsl.mappings import (
    ByDimension,
    IncompatiblePartitionsError,
    SingleMapping,
    arity,
    dimension_pairs,
    is_by_dimension,
)
from flowstone.dsl.partitions import Partitions, TimePartitions, axes
from flowstone.ir.asset import Asset, Check, Step
from flowstone.ir.function import Dependency
from flowstone.ir.node import Location
from flowstone.ir.project import Project


class Times(Struct, frozen=True):
    """Periods of a consumer and of what it reads."""

    ours: TimePartitions
    theirs: TimePartitions
    mapping: SingleMapping | None


class Edge(Struct, frozen=True):
    """A function that reads an asset, or only comes after it."""

    consumer: Step | Check
    producer: Asset
    dependency: Dependency
    partitions: Partitions | None
    """The consumer's."""
    arity: Literal["one", "many"] | None
    """Whether one value or ``dict[str, T]`` arrives; None if the partitions do not fit or are not known."""
    error: IncompatiblePartitionsError | None
    """Why the partitions do not fit."""

    @property
    def reason(self) -> str | None:
        """Why the partitions do not fit, in words."""
        return None if self.error is None else str(self.error)

    @property
    def times(self) -> Iterator[Times]:
        """The pairs of dimensions with periods; none if the partitions do not fit."""
        ours, theirs, mapping = self.partitions, self.producer.partitions, self.dependency.mapping
        if self.arity is None or ours is None or theirs is None:
            return
        if isinstance(ours, TimePartitions) and isinstance(theirs, TimePartitions):
            if not isinstance(mapping, ByDimension):  # which is a finding
                yield Times(ours, theirs, mapping)
        elif is_by_dimension(ours, theirs, mapping):
            for pair in dimension_pairs(ours, theirs, mapping):
                if isinstance(pair.consumer, TimePartitions) and isinstance(pair.producer, TimePartitions):
                    yield Times(pair.consumer, pair.producer, pair.mapping)
        elif mapping is None:
            yield from (Times(item, item, None) for item in axes(ours) if isinstance(item, TimePartitions))

    @property
    def name(self) -> str:
        """The consumer's name for messages."""
        return self.consumer.id if isinstance(self.consumer, Step) else self.consumer.name

    @property
    def location(self) -> Location:
        return self.dependency.location


def edges(project: Project) -> Iterator[Edge]:
    """All edges whose producer exists, in source order: those of the steps, then those of the checks."""
    for step in project.steps.values():
        for dependency in step.signature.dependencies:
            if (producer := project.assets.get(dependency.asset)) is not None:
                yield _edge(project, step, dependency, producer, step.partitions)
    for check in project.checks:
        checked = project.assets.get(check.asset)
        partitions = checked.partitions if checked else None
        for dependency in check.signature.dependencies:
            if (producer := project.assets.get(dependency.asset)) is not None:
                yield _edge(project, check, dependency, producer, partitions)


def _edge(
    project: Project,
    consumer: Step | Check,
    dependency: Dependency,
    producer: Asset,
    partitions: Partitions | None,
) -> Edge:
    steps = (consumer, project.steps.get(producer.step))
    known = not any(isinstance(step, Step) and "partitioned_by" in step.unknown for step in steps)
    if not (known and _zone_is_known(partitions) and _zone_is_known(producer.partitions)):
        return Edge(consumer, producer, dependency, partitions, None, None)
    try:
        count = arity(partitions, producer.partitions, dependency.mapping)
    except IncompatiblePartitionsError as error:
        return Edge(consumer, producer, dependency, partitions, None, error)
    except (OverflowError, ValueError):  # a window near the year 1 or 9999: Python's calendar ends there
        return Edge(consumer, producer, dependency, partitions, None, None)
    return Edge(consumer, producer, dependency, partitions, count, None)


def _zone_is_known(partitions: Partitions | None) -> bool:
    """Unknown zones are another rule's finding, and no arithmetic can be done with them."""
    return all(not isinstance(item, TimePartitions) or known_zone(item.timezone) for item in axes(partitions))
