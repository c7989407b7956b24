"""How each stored value stands to the project as it is now: what ``materialize`` would do, and why. Nothing is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from flowstone.dsl.partitions import PartitionKey, PartitionKeyError
from flowstone.io.record import InputVersion, Record
from flowstone.ir.asset import Asset
from flowstone.runtime.branches import verdict
from flowstone.runtime.keys import known_keys, selection
from flowstone.runtime.pending import pending
from flowstone.runtime.prepared import PreparedStep
from flowstone.runtime.reasons import Reason, differences
from flowstone.runtime.stored import Stored
from flowstone.runtime.workspace import Workspace

State = Literal["current", "outdated", "missing", "left out", "damaged", "foreign"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One asset and partition."""

    asset: str
    partition: str | None
    state: State
    """``current``: it would be reused; ``outdated``: it would be made again; ``missing``: nothing is stored;
    ``left out``: it does not count, for a route chose another branch; ``damaged``: the record or the content cannot be
    used; ``foreign``: a partition that the asset does not have (any more)."""
    reasons: tuple[str, ...] = ()
    record: Record | None = None


def standings(workspace: Workspace, assets: list[str], stored: Stored | None = None) -> Iterator[Standing]:
    """How everything stands that is stored of the assets; a missing one if nothing is.

    Errors: StorageError if a store cannot be read; ConfigurationError.
    """
    stored = stored or Stored(workspace)
    for asset in assets:
        yield from _of_asset(workspace, workspace.project.assets[asset], stored)


def _of_asset(workspace: Workspace, asset: Asset, stored: Stored) -> Iterator[Standing]:
    found = stored.of(asset.id)
    prepared = workspace.step(asset.step)
    waits = pending(workspace, asset)
    partitions = sorted({*found.records, *found.damaged, *waits}, key=lambda text: text or "")
    for partition in partitions:
        if partition in found.damaged:
            yield Standing(asset.id, partition, "damaged", (found.damaged[partition],))
        elif partition not in found.records:
            yield Standing(asset.id, partition, "missing", (waits[partition],))
        else:
            value = _of_value(workspace, prepared, asset, found.records[partition], stored)
            if partition in waits and value.state == "outdated":
                value = replace(value, reasons=(*value.reasons, waits[partition]))
            yield value
    if not partitions:
        why = None if asset.partitions is not None else _left_out(workspace, asset, None, stored)
        yield Standing(asset.id, None, "missing" if why is None else "left out", () if why is None else (why,))


def _of_value(workspace: Workspace, prepared: PreparedStep, asset: Asset, record: Record, stored: Stored) -> Standing:
    key: PartitionKey | None = None
    if (record.partition is None) != (asset.partitions is None):
        how = "is not partitioned any more" if asset.partitions is None else "is partitioned now"
        return Standing(asset.id, record.partition, "foreign", (f"{asset.id} {how}",), record)
    if asset.partitions is not None and record.partition is not None:
        try:
            key = workspace.key(asset.partitions, record.partition)
        except PartitionKeyError as error:
            return Standing(asset.id, record.partition, "foreign", (str(error),), record)
    why = _left_out(workspace, asset, key, stored)
    if why is not None:
        return Standing(asset.id, record.partition, "left out", (why,), record)
    manager, slot = stored.place(asset.id, record.partition)
    if not manager.intact(slot, record):
        return Standing(asset.id, record.partition, "damaged", (str(Reason("content missing")),), record)
    reasons = tuple(_reasons(workspace, prepared, record, key, stored))
    return Standing(asset.id, record.partition, "outdated" if reasons else "current", reasons, record)


def _left_out(workspace: Workspace, asset: Asset, key: PartitionKey | None, stored: Stored) -> str | None:
    """Why a value does not count, if a route chose another branch."""
    if asset.step not in workspace.project.routes:
        return None
    found = verdict(workspace, asset.step, key, stored.one)
    return str(found.reason) if found.verdict == "left out" else None


def _reasons(
    workspace: Workspace, prepared: PreparedStep, record: Record, key: PartitionKey | None, stored: Stored
) -> Iterator[str]:
    """Why a value would be made again."""
    if not prepared.step.cache:
        yield str(Reason("uncached"))
    inputs = tuple(_inputs(workspace, prepared, key, stored))
    yield from map(str, differences(prepared, prepared.config_version, record, inputs))


def _inputs(
    workspace: Workspace, prepared: PreparedStep, key: PartitionKey | None, stored: Stored
) -> Iterator[InputVersion]:
    """The versions that would be read now; those that are not stored are left out."""
    for dependency, asset in prepared.dependencies:
        selected = selection(prepared.partitions, asset.partitions, dependency, key)
        records = stored.of(asset.id).records
        for item in known_keys(workspace, asset, records, selected) if selected.stored else selected.keys:
            record = records.get(None if item is None else item.text)
            if record is not None and _left_out(workspace, asset, item, stored) is None:
                yield InputVersion(asset=asset.id, partition=record.partition, data_version=record.data_version)


def expected(asset: Asset, now: datetime) -> int | None:
    """How many partitions an asset has whose time has come; None for an unpartitioned asset."""
    return None if asset.partitions is None else sum(1 for _ in asset.partitions.keys(now))
