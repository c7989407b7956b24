"""What the managers that keep tables share: a value is a frame, or JSON, or bytes in one row.

A frame is known by the hash of its Arrow form, another value by that of its bytes.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from flowstone.errors import DamagedError, NotMaterializedError, UnsupportedTypeError
from flowstone.io import frames, json_values
from flowstone.io.contract import Options, Slot
from flowstone.io.frame_digest import FrameDigest
from flowstone.io.judge import json_refusal, refusal
from flowstone.io.record import Record, content_of
from flowstone.io.restore import restore
from flowstone.ir.types import TypeExpr

VALUE = "value"
"""The one column of a value that is no frame."""
ROW = "_flowstone_row"
PARTITION = "_flowstone_partition"


@dataclass(frozen=True, slots=True)
class Content:
    """A value made ready to be written."""

    data_version: str
    size: int
    metadata: dict[str, Any]
    table: Any = None
    """The frame as an Arrow table, or None for another value."""
    data: bytes = b""
    """The bytes of another value."""

    @property
    def format(self) -> str | None:
        """``json`` or ``bytes`` of what is no frame."""
        return self.metadata.get("format")


def make_content(slot: Slot, value: Any) -> Content:
    """Errors: UnsupportedTypeError, naming the asset, for a value that has no place in a table."""
    try:
        return _frame(value) if _is_frame(value) else _plain(value)
    except UnsupportedTypeError as error:
        raise labelled(slot, error) from error


def labelled(slot: Slot, error: UnsupportedTypeError) -> UnsupportedTypeError:
    """The error with the asset named in front."""
    return UnsupportedTypeError(f"{slot.label}: {error}", help=error.help)


def frame_schema(record: Record) -> Any:
    """The Arrow schema of the frame of a record, or None if it was another value.

    Errors: DamagedError if the record's schema cannot be read.
    """
    import pyarrow as pa

    content = content_of(record)
    if "form" not in content:
        return None
    try:
        return pa.ipc.read_schema(pa.BufferReader(b64decode(content["arrow"])))
    except (pa.ArrowException, ValueError, KeyError, TypeError, OSError) as error:
        raise DamagedError(f"{record.asset}: the record does not tell the columns: {error}") from error


def load_frame(slot: Slot, record: Record, table: Any, type: TypeExpr | None) -> Any:
    """The frame that was read, once it is known to be that of the record.

    Errors: DamagedError, UnsupportedTypeError.
    """
    digest = FrameDigest(table.schema)
    digest.update(table)
    if digest.finish() != record.data_version:
        raise DamagedError(f"{slot.label}: the rows in the table are not those of the record")
    try:
        return frames.from_table(table, frames.wanted_form(type, str(content_of(record)["form"])))
    except UnsupportedTypeError as error:
        raise labelled(slot, error) from error


def load_plain(slot: Slot, record: Record, data: bytes, type: TypeExpr | None) -> Any:
    """The value of the bytes that were read, once they are known to be those of the record.

    Errors: DamagedError, UnsupportedTypeError.
    """
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != record.data_version:
        raise DamagedError(f"{slot.label}: the value in the table is not that of its record")
    if content_of(record).get("format") == "bytes":
        return data
    try:
        return restore(json_values.loads(data), type)
    except UnsupportedTypeError as error:
        raise labelled(slot, error) from error


def written(stored: str | bytes | None) -> bytes | None:
    """What was written of a value that is no frame, by what the database keeps: a text of JSON, or bytes."""
    if stored is None:
        return None
    return f"{stored}\n".encode() if isinstance(stored, str) else bytes(stored)


def holds(load: Callable[[], object]) -> bool:
    """Whether a small value can be loaded: those are the likeliest to be wrong at the right size."""
    try:
        load()
    except UnsupportedTypeError:
        return True
    except (NotMaterializedError, DamagedError):
        return False
    return True


def refuses(type: TypeExpr, *, loading: bool) -> str | None:
    """Why a value of the type has no place in a table; None if it has one, or if that is not known."""
    return refusal(type, lambda member: _judge(member, loading=loading), loading=loading)


def demand_loadable(slot: Slot, type: TypeExpr | None) -> None:
    """Errors: UnsupportedTypeError if nothing can be loaded as the type."""
    reason = None if type is None else refuses(type, loading=True)
    if reason is not None:
        raise UnsupportedTypeError(f"{slot.label}: {reason}")


def table_name(asset: str, options: Options) -> str:
    """The option ``table``, by default the asset's id with ``__`` for its dots."""
    return getattr(options, "table", None) or asset.replace(".", "__")


def parse_record(label: str, text: str) -> Record:
    """Errors: DamagedError for a text that is no record."""
    try:
        return Record.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise DamagedError(f"{label}: the record cannot be read: {first}") from None


def _is_frame(value: Any) -> bool:
    try:
        frames.form_of(value)
    except UnsupportedTypeError:
        return False
    return True


def _frame(value: Any) -> Content:
    table, form = frames.to_table(value)
    for name in table.column_names:
        if name in (ROW, PARTITION):
            raise UnsupportedTypeError(f"the column name {name!r} is taken: FlowStone adds a column of that name")
    digest = FrameDigest(table.schema)
    digest.update(table)
    data_version = digest.finish()
    metadata = {
        "form": form,
        "rows": table.num_rows,
        "columns": table.num_columns,
        "schema": {field.name: str(field.type) for field in table.schema},
        "arrow": b64encode(table.schema.serialize().to_pybytes()).decode(),
    }
    return Content(data_version, digest.size, metadata, table)


def _plain(value: Any) -> Content:
    form = "bytes" if type(value) is bytes else "json"
    try:
        data = value if form == "bytes" else json_values.dumps(value)
    except json_values.NotJsonError as error:
        raise UnsupportedTypeError(
            f"it cannot be stored as JSON: {error}", help="store a data frame, plain values, or dataclasses"
        ) from error
    return Content(f"sha256:{hashlib.sha256(data).hexdigest()}", len(data), {"format": form}, data=data)


def _judge(type: TypeExpr, *, loading: bool) -> str | None:
    if frames.ALIASES.get(type.name, type.name) in frames.FORMS:
        return None
    return json_refusal(type, loading=loading, file=False)
