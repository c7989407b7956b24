"""What a DAG of Airflow is made of: its steps, what starts its runs, and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from flowstone.dsl.partitions import PeriodPartitions
from flowstone.dsl.schedule import ClockSchedule
from flowstone.ir.function import Dependency
from flowstone.ir.job import Job
from flowstone.targets.groups import Group
from flowstone.targets.literals import Call

When = Literal["all", "any"] | None


class Clock(Struct, frozen=True):
    """Runs are started by the job's schedule."""

    schedule: ClockSchedule


class Events(Struct, frozen=True):
    """Runs are started once each of these assets has a new event."""

    mappers: Mapping[str, Call | None]
    """How the key of an event becomes the key of the run, by what has the event; None: it stays the same.

    An event is one of an asset; of one of its dimensions, ``ASSET/DIMENSION``, once that is complete for a key; or one
    of ``Keys``.
    """
    keyed: bool
    """Events and runs carry keys."""
    when: When = None
    """Whether each of the assets must have a new event, or any; None: whatever the reading of them asks for."""


Trigger = Clock | Events | None
"""None: runs are started by hand only."""


class Keys(Struct, frozen=True):
    """The DAG that tells the keys of a DAG whose partitions have many dimensions, or are told by registries."""

    id: str
    source: str
    """What has its events."""
    partitions: PeriodPartitions | None
    """Of the only dimension that has periods; None if all keys are told, by a DAG without partitions."""
    trigger: Trigger


class Dag(Struct, frozen=True):
    """One DAG."""

    id: str
    job: Job
    group: Group
    trigger: Trigger
    awaits: tuple[str, ...]
    """Unpartitioned assets of the same job that another DAG makes by the same clock. Their events carry no key and so
    cannot start a partitioned run; it waits for them, or the DAG that tells its keys does."""
    keys: Keys | None = None

    @property
    def clock(self) -> Clock | None:
        """What starts its runs, or those of the DAG that tells its keys, if that is a clock."""
        trigger = self.trigger if self.keys is None else self.keys.trigger
        return trigger if isinstance(trigger, Clock) else None

    @property
    def sources(self) -> tuple[str, ...]:
        """What has the events that start its runs, or those of the DAG that tells its keys."""
        triggers = (self.trigger, None if self.keys is None else self.keys.trigger)
        return tuple(source for trigger in triggers if isinstance(trigger, Events) for source in trigger.mappers)


class Refused(Struct, frozen=True):
    """An edge that Airflow cannot follow."""

    dependency: Dependency
    reason: str
    help: str


class Plan(Struct, frozen=True):
    """The DAGs of a project, and the edges between them that Airflow cannot follow."""

    dags: tuple[Dag, ...]
    refused: tuple[Refused, ...]

    @property
    def by_dimension(self) -> dict[str, tuple[str, ...]]:
        """The dimensions of assets whose events start runs, by asset."""
        found: dict[str, tuple[str, ...]] = {}
        for source in dict.fromkeys(source for dag in self.dags for source in dag.sources):
            asset, *rest = source.split("/")
            if len(rest) == 1:
                found[asset] = (*found.get(asset, ()), rest[0])
        return found
