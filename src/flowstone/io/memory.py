"""Values in the memory of one process: for tests, notebooks and single-process runs.

Values are kept as they are, by reference: who changes a loaded value changes it for all. A manager's values live as
long as the manager, which a worker keeps for the whole process. The data version is a hash of the value's JSON form,
else of its pickled form (nothing is unpickled); a value that has neither gets a version of its own each time it is
stored. What can be read only once is kept as a table, if it is record batches, and handed out as batches again, and so
is a relation, whose connection is the user's; other iterators are refused.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from flowstone.errors import DamagedError, NotMaterializedError, UnsupportedTypeError
from flowstone.io import frames, json_values
from flowstone.io.contract import IOManager, Options, Slot, Staged, Traits
from flowstone.io.judge import refusal
from flowstone.io.record import Record
from flowstone.io.streams import is_once
from flowstone.ir.types import TypeExpr

_NOTHING: dict[str | None, tuple[Record, Any]] = {}
_SIMPLE = frozenset({str, int, float, bool, type(None)})


class MemoryConfig(Options):
    """Configuration of a ``memory`` manager: nothing."""


class MemoryOptions(Options):
    """Options of one asset in a ``memory`` manager: none."""


class MemoryManager(IOManager):
    """Keeps values in this process."""

    Config: ClassVar[type[Options]] = MemoryConfig
    AssetOptions: ClassVar[type[Options]] = MemoryOptions
    traits: ClassVar[Traits] = Traits(durable=False, shared=False)
    steps = ("staged", "published")

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        super().__init__(name, config, project_root)
        self._lock = threading.Lock()
        self._stored: dict[str, dict[str | None, tuple[Record, Any]]] = {}

    @classmethod
    def refuses(cls, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        return None if loading else refusal(type, _judge, loading=loading)

    def stage(self, slot: Slot, value: Any) -> Staged:
        kept = value
        if type(value) not in _SIMPLE and (is_once(value) or frames.is_relation(value)):
            kept = _kept(slot, value)
        content = _content(kept)
        staged = Staged(slot, f"sha256:{hashlib.sha256(content).hexdigest()}", len(content), handle=kept)
        self.reached("staged")
        return staged

    def load_staged(self, staged: Staged, type: TypeExpr | None) -> Any:
        return _given(staged.handle)

    def publish(self, staged: Staged, record: Record) -> None:
        with self._lock:
            self._stored.setdefault(staged.slot.asset, {})[staged.slot.partition] = (record, staged.handle)
        self.reached("published")

    def discard(self, staged: Staged) -> None:
        staged.handle = None

    def record(self, slot: Slot) -> Record | None:
        found = self._stored.get(slot.asset, _NOTHING).get(slot.partition)
        return None if found is None else found[0]

    def records(self, slot: Slot) -> Iterator[Record]:
        with self._lock:
            found = dict(self._stored.get(slot.asset, {}))
        for partition in sorted(found, key=lambda text: text or ""):
            yield found[partition][0]

    def partitions(self, slot: Slot) -> Iterator[str | None]:
        with self._lock:
            found = list(self._stored.get(slot.asset, {}))
        yield from sorted(found, key=lambda text: text or "")

    def intact(self, slot: Slot, record: Record) -> bool:
        found = self._find(slot)
        return found is not None and found[0].data_version == record.data_version

    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        found = self._find(slot)
        if found is None:
            raise NotMaterializedError(f"{slot.label}: no value is in the memory of this process")
        kept, value = found
        if kept is not record and kept.data_version != record.data_version:
            raise DamagedError(f"{slot.label}: the value is not that of its record")
        return _given(value) if isinstance(value, _Batches) else value

    def delete(self, slot: Slot) -> bool:
        with self._lock:
            return self._stored.get(slot.asset, {}).pop(slot.partition, None) is not None

    def _find(self, slot: Slot) -> tuple[Record, Any] | None:
        return self._stored.get(slot.asset, _NOTHING).get(slot.partition)


@dataclass(frozen=True, slots=True)
class _Batches:
    """A value that came in a streamed form."""

    table: Any
    form: str


def _kept(slot: Slot, value: Any) -> _Batches:
    import pyarrow as pa

    try:
        stream, form = frames.to_stream(value)
        return _Batches(pa.Table.from_batches(stream, stream.schema), form)
    except UnsupportedTypeError as error:
        raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error


def _given(kept: Any) -> Any:
    return frames.from_table(kept.table, kept.form) if isinstance(kept, _Batches) else kept


def _judge(type: TypeExpr) -> str | None:
    if type.name in ("Iterator", "Generator") and frames.form_name(type) != frames.BATCHES:
        return f"{type} can be read only once; return a list or another finished value"
    return None


def _content(value: Any) -> bytes:
    """Bytes that are equal for equal values, as far as that can be had."""
    if type(value) in _SIMPLE:
        return repr(value).encode("utf-8", "surrogatepass")
    if isinstance(value, _Batches):
        from flowstone.io.frame_digest import FrameDigest

        digest = FrameDigest(value.table.schema)
        digest.update(value.table)
        return digest.finish().encode()
    try:
        return json_values.dumps(value)
    except json_values.NotJsonError:
        pass
    import pickle

    try:
        return pickle.dumps(value, protocol=5)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError):
        return secrets.token_bytes(32)
