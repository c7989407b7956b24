"""What a step reads: found by the records of the assets, never by the mere existence of a file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from msgspec import Struct, structs

from flowstone.dsl.failure import Failure
from flowstone.dsl.mappings import KeySelection
from flowstone.dsl.partitions import PartitionKey
from flowstone.errors import DamagedError, FlowStoneError, NotChosenError, NotMaterializedError
from flowstone.io.contract import IOManager, Slot
from flowstone.io.record import InputVersion, Record
from flowstone.ir.asset import Asset
from flowstone.ir.function import Dependency
from flowstone.ir.types import TypeExpr
from flowstone.runtime.branches import counts, is_left_out, was_decided
from flowstone.runtime.decisions import rejection, told
from flowstone.runtime.keys import WHOLE, known_keys, selection
from flowstone.runtime.prepared import PreparedStep, Source, wanted
from flowstone.runtime.reasons import Place
from flowstone.runtime.workspace import Workspace

_LAZY = ("Iterator", "Iterable", "Generator")
_BY_KEY = ("dict", "Mapping", "MutableMapping")


LOST = (DamagedError, NotMaterializedError)
"""What is raised where a value is gone, or not that of its record."""


class StoredValue(Struct, frozen=True, gc=False):
    """A value that is stored, with its record."""

    key: PartitionKey | None
    manager: IOManager
    slot: Slot
    record: Record

    def load(self, type: TypeExpr | None) -> Any:
        """Errors: NotMaterializedError, DamagedError, UnsupportedTypeError."""
        try:
            return self.manager.load(self.slot, self.record, type)
        except LOST as error:
            self.help(error)
            raise

    def help(self, error: FlowStoneError) -> None:
        """Say, where it is gone or damaged, by which command it is made again."""
        error.help = error.help or f"make it again: {_command(self.record.asset, self.key)} --force"


class Input(Struct, frozen=True, gc=False):
    """One dependency of a step with what is stored for it."""

    dependency: Dependency
    parameter: str | None
    wanted: TypeExpr | None
    """What the parameter is annotated with, ``None`` left out."""
    values: tuple[StoredValue, ...]
    selected: KeySelection = WHOLE
    failure: Failure | None = None
    """Of a join's branch: what is received in place of the value."""

    def received_by(self, dependency: Dependency) -> Input:
        """The same for another function of the step, which reads it in the same way."""
        return structs.replace(self, dependency=dependency, parameter=dependency.parameter, wanted=wanted(dependency))

    def load(self) -> Any:
        """What the parameter receives. Errors: NotMaterializedError, DamagedError, UnsupportedTypeError."""
        if self.failure is not None:
            return self.failure
        if not self.selected.many:
            return self.values[0].load(self.wanted) if self.values else None
        if self.dependency.optional and not self.values:
            return None
        found = self._together(_element(self.wanted))
        return found if self.wanted is not None and self.wanted.name in _LAZY else dict(found)

    def _together(self, type: TypeExpr | None) -> Iterator[tuple[str, Any]]:
        """The values by their keys, each loaded once it is asked for."""
        if not self.values:
            return
        loading = self.values[0].manager.together([(value.slot, value.record) for value in self.values], type)
        for value in self.values:
            try:
                loaded = next(loading)
            except LOST as error:
                value.help(error)
                raise
            yield self.selected.label(value.key), loaded


def find_inputs(
    workspace: Workspace, prepared: PreparedStep, key: PartitionKey | None, failed: Collection[Place] = ()
) -> tuple[Input, ...]:
    """What is stored of everything that a step reads for a key.

    Of steps that failed in the run nothing counts where a join takes failures.
    Errors: NotMaterializedError naming the asset, the key and the command that makes it.
    """
    failed = {(step, partition) for step, partition in failed} if failed else ()
    found = []
    for source in prepared.sources:
        if source.plain and (value := stored_value(workspace, source.id, None)) is not None:
            found.append(Input(source.dependency, source.parameter, source.wanted, (value,)))
        else:
            found.append(_find(workspace, prepared, source, key, failed))
    return tuple(found)


def versions_of(inputs: Iterable[Input]) -> list[InputVersion]:
    """What is noted of the values that are read."""
    found = []
    for item in inputs:
        for value in item.values:
            record = value.record
            found.append(InputVersion(asset=record.asset, partition=record.partition, data_version=record.data_version))
    return found


def _find(
    workspace: Workspace,
    prepared: PreparedStep,
    source: Source,
    key: PartitionKey | None,
    failed: Collection[Place],
) -> Input:
    dependency, asset = source.dependency, source.asset
    received = partial(Input, dependency, source.parameter, source.wanted)
    selected = selection(prepared.partitions, asset.partitions, dependency, key)
    keys = _stored_keys(workspace, asset, selected) if selected.stored else selected.keys
    if dependency.partial and (lost := _failed_keys(workspace, asset, selected, keys, failed)):
        return received((), selected, _failure(asset, lost[0]))
    is_judged = asset.step in workspace.project.judged
    values = []
    for item in keys:
        if is_judged and (rejected := rejection(workspace, asset, item)) is not None:
            if dependency.optional:
                continue
            raise NotChosenError(told(rejected))
        value = stored_value(workspace, asset.id, item)
        if value is not None and (not is_judged or counts(workspace, asset, item)):
            values.append(value)
        elif dependency.partial and not is_left_out(workspace, asset.step, item):
            return received((), selected, _failure(asset, item))
        elif not dependency.optional:
            raise _missing(prepared, asset, item)
    if selected.stored and not values and not dependency.optional:
        if dependency.partial:
            return received((), selected, _failure(asset, None))
        if was_decided(workspace, asset):
            raise NotChosenError(f"no partition of {asset.id} was chosen")
        raise _missing(prepared, asset, None)
    return received(tuple(values), selected)


def _failed_keys(
    workspace: Workspace,
    asset: Asset,
    selected: KeySelection,
    keys: Sequence[PartitionKey | None],
    failed: Collection[Place],
) -> Sequence[PartitionKey | None]:
    """Those that are read and were not made in the run, though no route leaves them out."""
    texts = [partition for step, partition in failed if step == asset.step]
    if selected.stored:
        lost: Sequence[PartitionKey | None] = known_keys(workspace, asset, texts, selected)
    else:
        lost = [item for item in keys if (None if item is None else item.text) in texts]
    return [item for item in lost if not is_left_out(workspace, asset.step, item)]


def _failure(asset: Asset, key: PartitionKey | None) -> Failure:
    return Failure(asset.id, None if key is None else key.text)


def stored_value(workspace: Workspace, asset: str, key: PartitionKey | None) -> StoredValue | None:
    """What is stored of an asset (its id) for a key; a record that cannot be read counts as none."""
    manager, slot_of = workspace.storage(asset)
    slot = slot_of(None if key is None else key.text)
    try:
        record = manager.record(slot)
    except DamagedError:
        return None
    return None if record is None else StoredValue(key, manager, slot, record)


def _stored_keys(workspace: Workspace, asset: Asset, selected: KeySelection) -> list[PartitionKey]:
    """The keys of an asset that are stored and wanted and belong to its definition, in the order of time."""
    manager, slot_of = workspace.storage(asset.id)
    texts = (record.partition for record in manager.records(slot_of(None)))
    return known_keys(workspace, asset, texts, selected)


def _element(type: TypeExpr | None) -> TypeExpr | None:
    """``T`` of ``dict[str, T]``, also where that is one of several alternatives, and of ``Iterator[tuple[str, T]]``."""
    if type is None or not type.args:
        return None
    if type.name in _LAZY:
        pair = type.args[0]
        return pair.args[-1] if pair.args else None
    by_key = (member for member in type.members if member.name in _BY_KEY and len(member.args) == 2)
    return next((member.args[1] for member in by_key), None)


def _missing(prepared: PreparedStep, asset: Asset, key: PartitionKey | None) -> NotMaterializedError:
    what = f"{asset.id} is not" if key is None else f"{asset.id}, partition {key.key}, is not"
    command = _command(asset.id, key)
    if asset.partitions is not None and key is None:
        what, command = f"no partition of {asset.id} is", f"{command} --partition ..."
    return NotMaterializedError(
        f"{what} materialized, and {prepared.step.id} reads it", help=f"make it first: {command}"
    )


def _command(asset: str, key: PartitionKey | None) -> str:
    return f"flowstone run {asset}" + ("" if key is None else f" --partition {key.text}")
