"""Partitions of a table that are read together: all with the columns of all, so that they can be put together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flowstone.errors import StorageError, UnsupportedTypeError
from flowstone.io import frames
from flowstone.io.agreement import told_apart
from flowstone.io.contract import IOManager, Slot
from flowstone.io.record import Record, content_of
from flowstone.io.widening import agreed, fitted
from flowstone.ir.types import TypeExpr

Values = Sequence[tuple[Slot, Record]]
Columns = Callable[[Slot, Record], Any]
"""The Arrow schema of a stored value. Errors: NotMaterializedError, DamagedError."""


def load_together(manager: IOManager, values: Values, type: TypeExpr | None, columns: Columns) -> Iterator[Any]:
    """The values, each loaded once it is asked for; what is no table comes as it is.

    Errors: StorageError if there are no columns for all; as of ``IOManager.load``.
    """
    schema = _common(values, columns)
    for slot, record in values:
        yield manager.load(slot, record, type) if schema is None else _load(manager, slot, record, type, schema)


def _common(values: Values, columns: Columns) -> Any:
    """The columns of all; None if they are alike. By the records: of each kind of columns one is looked at."""
    kinds: dict[str, tuple[Slot, Record]] = {}
    for slot, record in values:
        kinds.setdefault(json.dumps(content_of(record).get("schema")), (slot, record))
    if len(kinds) < 2 or "null" in kinds:
        return None
    found: Any = None
    for slot, record in kinds.values():
        other = columns(slot, record)
        wider = other if found is None else agreed(found, other, "append")
        if wider is None:
            command = f"flowstone run {slot.asset} --partition {slot.partition} --force"
            raise StorageError(told_apart(slot, found, other), help=f"make it again: {command}")
        found = wider
    return found


def _load(manager: IOManager, slot: Slot, record: Record, type: TypeExpr | None, schema: Any) -> Any:
    form = frames.wanted_form(type, str(content_of(record).get("form")))
    streamed = form in frames.STREAMED
    found = manager.load(slot, record, TypeExpr(name=frames.READER if streamed else "pyarrow.Table"))
    try:
        if streamed:
            wide = schema.with_metadata(found.schema.metadata)
            return frames.from_batches(wide, (fitted(batch, schema) for batch in found), form)
        return frames.from_table(fitted(found, schema), form)
    except UnsupportedTypeError as error:
        raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error
