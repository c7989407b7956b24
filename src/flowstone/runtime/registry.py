"""The registries of dynamic partitions: their keys lie in a store, where all engines on all machines read the same.

A key is a small value with a record of its own, as any other, under a name that no asset can have: the partition of
``flowstone_keys.REGISTRY`` is the key. So adding is atomic and idempotent, many may add at once, and whatever can be
the key of a partition can be kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from flowstone.__about__ import __version__
from flowstone.diagnostics.suggest import did_you_mean
from flowstone.dsl.dynamic_partitions import dynamic_key, written_key
from flowstone.dsl.partitions import DynamicPartitions, PartitionKey, PartitionKeyError, Partitions, axes, with_keys
from flowstone.errors import ConfigurationError, DamagedError, OutputError
from flowstone.io.record import Record
from flowstone.ir.node import Json
from flowstone.ir.project import Project
from flowstone.ir.registries import needed_registries, room_for, with_registries
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace

NAMESPACE = "flowstone_keys"
"""Namespace of the registries in their store."""
ADDED = "added_partitions"
"""Where the metadata of a record hold the keys that came with the value: their texts by the registry."""


class Registry:
    """One registry."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        """Errors: ConfigurationError for one that no asset is partitioned by, or a store that cannot be used."""
        project = workspace.project
        if name not in project.registries or project.partitions_io_manager is None:
            known = ", ".join(project.registries)
            raise ConfigurationError(
                f"no asset is partitioned by a registry {name!r}",
                help=did_you_mean(name, project.registries)
                or (f"there are: {known}" if known else f'write partitioned_by=DynamicPartitions("{name}")'),
            )
        self.name = name
        self._manager, self._slot = workspace.kept(project.partitions_io_manager, f"{NAMESPACE}.{name}")
        self._room = room_for(project, name)

    @property
    def is_durable(self) -> bool:
        """Whether what is added is still there when the process has ended."""
        return self._manager.traits.durable

    def keys(self) -> tuple[PartitionKey, ...]:
        """All keys, in the order of their texts. Errors: StorageError."""
        texts = self._manager.partitions(self._slot(None))
        return tuple(dynamic_key(text) for text in texts if text is not None)

    def usable(self) -> tuple[PartitionKey, ...]:
        """All keys, for partitions that are made of them.

        Errors: ConfigurationError for one that was added before there were such long combinations; StorageError.
        """
        keys = self.keys()
        for key in keys:
            if len(key.text) > self._room:
                raise ConfigurationError(
                    self._too_long(key),
                    help=f"flowstone partitions remove {self.name} {key.text}, and add a shorter one",
                )
        return keys

    def _too_long(self, key: PartitionKey) -> str:
        length = f"{len(key.text)} characters, at most {self._room}"
        return f"the key {key.key[:40]!r} is too long for {self.name!r}: {length}"

    def has(self, key: PartitionKey) -> bool:
        """Whether it is one of the keys. Errors: StorageError."""
        try:
            return self._manager.record(self._slot(key.text)) is not None
        except DamagedError:
            return True  # a key is there, whatever became of its record

    def add(self, keys: Iterable[PartitionKey], run: Run) -> list[PartitionKey]:
        """Add keys; those that were not there. The run is told by their records.

        Errors: PartitionKeyError for a key that is too long, or differs from another by case alone: none is added then;
        StorageError.
        """
        known = {key.text: key for key in self.keys()}
        new = list({key.text: key for key in keys if key.text not in known}.values())
        if new:
            self._demand_fit(new, known.values())
            for key in new:
                self._publish(key, run)
            self._demand_alone(new)
        return new

    def remove(self, keys: Iterable[PartitionKey]) -> list[PartitionKey]:
        """Remove keys; those that were there. What is stored of their partitions stays. Errors: StorageError."""
        return [key for key in keys if self._manager.delete(self._slot(key.text))]

    def _demand_fit(self, new: Sequence[PartitionKey], known: Collection[PartitionKey]) -> None:
        """Errors: PartitionKeyError."""
        for key in new:
            if len(key.text) > self._room:
                raise PartitionKeyError(self._too_long(key))
        _demand_no_twins((*known, *new), new)

    def _demand_alone(self, new: Sequence[PartitionKey]) -> None:
        """Take the new keys back if somebody has meanwhile added one that differs by case alone.

        Errors: PartitionKeyError.
        """
        try:
            _demand_no_twins(self.keys(), new)
        except PartitionKeyError:
            self.remove(new)
            raise

    def _publish(self, key: PartitionKey, run: Run) -> None:
        slot = self._slot(key.text)
        started = datetime.now(UTC)
        staged = self._manager.stage(slot, {"key": key.key})
        try:
            record = Record(
                asset=slot.asset,
                partition=slot.partition,
                data_version=staged.data_version,
                code_version="",
                config_version="",
                run_id=run.id,
                engine=run.engine,
                started_at=started,
                finished_at=datetime.now(UTC),
                size=staged.size,
                metadata={"content": staged.metadata} if staged.metadata else {},
                flowstone=__version__,
            )
            self._manager.publish(staged, record)
        except BaseException:
            self._manager.discard(staged)
            raise


def _demand_no_twins(keys: Iterable[PartitionKey], new: Iterable[PartitionKey]) -> None:
    """Errors: PartitionKeyError for one of the new keys that differs from another key by case alone."""
    folded: dict[str, list[PartitionKey]] = {}
    for key in keys:
        folded.setdefault(key.text.casefold(), []).append(key)
    for key in new:
        others = [other for other in folded[key.text.casefold()] if other.text != key.text]
        if others:
            raise PartitionKeyError(f"the key {key.key!r} differs from {others[0].key!r} only by case")


def know_registries(workspace: Workspace, steps: Iterable[str] | None = None) -> None:
    """Let a workspace know the keys that registries have now, for all that is done with it from here on.

    Only those are read that the steps need, if any are given. Errors: StorageError, ConfigurationError.
    """
    workspace.take(read_registries(workspace, workspace.project, steps))


def read_registries(workspace: Workspace, project: Project, steps: Iterable[str] | None = None) -> Project:
    """A project of the workspace with the keys that registries have now. The rest is as for ``know_registries``."""
    names = project.registries if steps is None or not project.registries else needed_registries(project, steps)
    return with_registries(project, {name: Registry(workspace, name).usable() for name in names})


def new_keys(workspace: Workspace) -> dict[str, int]:
    """How many keys registries have by now that the workspace does not know. Errors: as ``know_registries``."""
    axis_of = {
        axis.name: axis
        for step in workspace.project.steps.values()
        for axis in axes(step.partitions)
        if isinstance(axis, DynamicPartitions)
    }
    counts = {
        name: sum(key.text not in axis.known for key in Registry(workspace, name).keys())  # noqa: SIM118
        for name, axis in axis_of.items()
        if axis.known is not None
    }
    return {name: count for name, count in counts.items() if count}


def current(workspace: Workspace, definition: Partitions) -> Partitions:
    """A definition with the keys of its registries: those that the workspace knows, else those of now.

    Errors: StorageError, ConfigurationError.
    """
    unread = [axis.name for axis in axes(definition) if isinstance(axis, DynamicPartitions) and axis.known is None]
    if not unread:
        return definition
    return with_keys(definition, {name: Registry(workspace, name).usable() for name in unread})


def demand_known(workspace: Workspace, definition: Partitions, key: PartitionKey) -> None:
    """Errors: PartitionKeyError for a key of which a part is not in its registry; StorageError, ConfigurationError."""
    for axis, own in zip(axes(definition), [part for _, part in key.parts] or [key], strict=True):
        if isinstance(axis, DynamicPartitions) and not Registry(workspace, axis.name).has(own):
            axis.with_keys(()).parse(own.text)  # which says so


def without_keys(definition: Partitions) -> str | None:
    """Which of the registries of a definition whose keys are known has none, and how that is changed."""
    empty = [axis.name for axis in axes(definition) if isinstance(axis, DynamicPartitions) and not axis.known]
    return f"the registry {empty[0]!r} has no keys; flowstone partitions add {empty[0]} KEY adds one" if empty else None


def added_texts(workspace: Workspace, step: str, added: Mapping[str, Sequence[str]]) -> dict[str, Json]:
    """What a function has asked for by ``ctx.add_partitions``, as its record says it.

    Errors: OutputError for a step that is scattered; ConfigurationError for a registry that there is not.
    """
    if added and workspace.project.steps[step].scatter is not None:
        raise OutputError(
            f"{step} adds partitions for items, and items that are done are not run again",
            help="add them in an asset that reads the list which this one makes",
        )
    for name in added:
        Registry(workspace, name)
    return {name: [written_key(key).text for key in keys] for name, keys in added.items()}


def add_texts(workspace: Workspace, metadata: Mapping[str, Json], run: Run) -> None:
    """Add the keys that a record says came with its value. Errors: OutputError for one that cannot be; StorageError."""
    for name, texts in metadata.get(ADDED, {}).items():
        try:
            Registry(workspace, name).add(map(dynamic_key, texts), run)
        except PartitionKeyError as error:
            raise OutputError(f"ctx.add_partitions({name!r}, ...): {error}") from error
