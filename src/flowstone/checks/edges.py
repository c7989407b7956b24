"""The edges of the graph with what must fit on them: producer, consumer, and how many keys arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from flowstone.checks.zones import known_zone
from flowstone.dsl.mappings import IncompatiblePartitionsError, arity
from flowstone.dsl.partitions import Partitions, StaticPartitions
from flowstone.ir.asset import Asset, Check, Step
from flowstone.ir.function import Dependency
from flowstone.ir.node import Location
from flowstone.ir.project import Project


class Edge(Struct, frozen=True):
    """A function that reads an asset, or only comes after it."""

    consumer: Step | Check
    producer: Asset
    dependency: Dependency
    partitions: Partitions | None
    """The consumer's."""
    arity: Literal["one", "many"] | None
    """Whether one value or ``dict[str, T]`` arrives; None if the partitions do not fit or are not known."""
    reason: str | None
    """Why the partitions do not fit."""

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
        return Edge(consumer, producer, dependency, partitions, None, str(error))
    except (OverflowError, ValueError):  # a window near the year 1 or 9999: Python's calendar ends there
        return Edge(consumer, producer, dependency, partitions, None, None)
    return Edge(consumer, producer, dependency, partitions, count, None)


def _zone_is_known(partitions: Partitions | None) -> bool:
    """Unknown zones are another rule's finding, and no arithmetic can be done with them."""
    return partitions is None or isinstance(partitions, StaticPartitions) or known_zone(partitions.timezone)
