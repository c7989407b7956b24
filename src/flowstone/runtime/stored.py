"""The records of a project's assets, each read once: for commands that look at many of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from flowstone.errors import DamagedError
from flowstone.io.contract import IOManager, Slot
from flowstone.io.record import Record
from flowstone.runtime.workspace import Workspace

AT_ONCE = 20
"""From so many partitions of an asset on, all its records are read at once."""


@dataclass(frozen=True, slots=True)
class AssetRecords:
    """What is stored of one asset."""

    records: dict[str | None, Record]
    """By the partition's text, in its order; None for an unpartitioned asset."""
    damaged: dict[str | None, str]
    """Why a record cannot be read."""


@dataclass(slots=True)
class Stored:
    """Reads the records of an asset when they are first asked for."""

    workspace: Workspace
    _found: dict[str, AssetRecords] = field(default_factory=dict)
    _whole: set[str] = field(default_factory=set)
    _single: dict[tuple[str, str | None], Record | str | None] = field(default_factory=dict)

    def of(self, asset: str) -> AssetRecords:
        """All records of an asset. Errors: StorageError if the store cannot be read; ConfigurationError."""
        if asset not in self._found:
            manager, slot_of = self.workspace.storage(asset)
            self._found[asset] = _read(manager, slot_of(None))
        return self._found[asset]

    def one(self, asset: str, partition: str | None) -> Record | str | None:
        """The record of one partition, or why it cannot be read; None if there is none. Errors: as ``of``."""
        place = asset, partition
        if place in self._single:
            return self._single[place]
        known = self.of(asset) if asset in self._whole else self._found.get(asset)
        if known is not None:
            return known.records.get(partition) or known.damaged.get(partition)
        manager, slot_of = self.workspace.storage(asset)
        found = self._single[place] = _read_one(manager, slot_of(partition))
        return found

    def expect(self, places: Iterable[tuple[str, str | None]]) -> None:
        """Say what will be asked for: where that is much of one asset, all its records are read at once."""
        for asset, count in Counter(asset for asset, _ in places).items():
            if count >= AT_ONCE:
                self._whole.add(asset)

    def is_intact(self, asset: str, partition: str | None) -> bool:
        """Whether there is a record, and the content seems to be that of it. Errors: as ``of``."""
        record = self.one(asset, partition)
        if not isinstance(record, Record):
            return False
        manager, slot = self.place(asset, partition)
        return manager.intact(slot, record)

    def place(self, asset: str, partition: str | None) -> tuple[IOManager, Slot]:
        """The manager of an asset and the slot of one of its partitions. Errors: ConfigurationError."""
        manager, slot_of = self.workspace.storage(asset)
        return manager, slot_of(partition)


def _read(manager: IOManager, slot: Slot) -> AssetRecords:
    try:
        return AssetRecords({record.partition: record for record in manager.records(slot)}, {})
    except DamagedError:
        pass  # one by one, to find out which
    records: dict[str | None, Record] = {}
    damaged: dict[str | None, str] = {}
    for partition in manager.partitions(slot):
        found = _read_one(manager, Slot(slot.asset, partition, slot.options))
        if isinstance(found, str):
            damaged[partition] = found
        elif found is not None:
            records[partition] = found
    return AssetRecords(records, damaged)


def _read_one(manager: IOManager, slot: Slot) -> Record | str | None:
    try:
        return manager.record(slot)
    except DamagedError as error:
        return str(error)
