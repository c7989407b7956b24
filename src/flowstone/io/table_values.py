"""What the managers that keep tables share: a value is a frame, or JSON, or bytes in one row.

A frame is known by the hash of its Arrow form, another value by that of its bytes.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from flowstone.errors import DamagedError, NotMaterializedError, UnsupportedTypeError
from flowstone.io import frames, json_values
from flowstone.io.contract import Options, Slot, Staged
from flowstone.io.frame_digest import FrameDigest
from flowstone.io.judge import json_refusal, refusal
from flowstone.io.record import Record, content_of
from flowstone.io.restore import restore
from flowstone.io.spool import Spool
from flowstone.ir.types import TypeExpr

VALUE = "value"
"""The one column of a value that is no frame."""
ROW = "_flowstone_row"
PARTITION = "_flowstone_partition"


class Taken:
    """The rows of a frame on their way into a table: taken once, and hashed meanwhile."""

    def __init__(self, schema: Any, parts: Iterable[Any]) -> None:
        self.schema = schema
        self.digest = FrameDigest(schema)
        self.count = 0
        self._parts = parts

    @property
    def width(self) -> int:
        """About how many bytes a row has."""
        return self.digest.size // max(1, self.count) + 1

    def __iter__(self) -> Iterator[Any]:
        for part in self._parts:
            self.digest.update(part)
            self.count += part.num_rows
            yield part


class Content(Struct, frozen=True):
    """A value made ready to be written."""

    facts: dict[str, Any]
    rows: Taken | None = None
    """Those of a frame, or None for another value."""
    data: bytes = b""
    """The bytes of another value."""
    guard: Callable[[], AbstractContextManager[None]] = nullcontext
    """Lets what the user's code raises while rows are taken out as it is."""

    @property
    def format(self) -> str | None:
        """``json`` or ``bytes`` of what is no frame."""
        return self.facts.get("format")

    def staged(self, slot: Slot, table: str, handle: Any) -> Staged:
        """The value once it is written."""
        facts = {**self.facts, "table": table}
        if self.rows is None:
            return Staged(slot, f"sha256:{hashlib.sha256(self.data).hexdigest()}", len(self.data), facts, handle)
        data_version = self.rows.digest.finish()
        return Staged(slot, data_version, self.rows.digest.size, {**facts, "rows": self.rows.count}, handle)


def make_content(slot: Slot, value: Any) -> Content:
    """Errors: UnsupportedTypeError, naming the asset, for a value that has no place in a table."""
    try:
        form = _form(value)
        if form is None:
            return _plain(value)
        return _streamed(value) if form in frames.STREAMED else _frame(value)
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


def receive(
    slot: Slot, record: Record, schema: Any, parts: Iterable[Any], type: TypeExpr | None, folder: Path
) -> Callable[[], Any]:
    """Take all rows of a frame, and know them to be those of the record; what makes the value of them.

    What is asked for as a stream lies in a file in the folder meanwhile, so that the database need not stay open.
    Errors: DamagedError, UnsupportedTypeError, OSError.
    """
    form = _labelled(slot, frames.wanted_form, type, str(content_of(record)["form"]))
    rows = Taken(schema, parts)
    make = _made(schema, rows, form, folder)
    _demand_same(slot, record, rows)
    return partial(_labelled, slot, make)


def _made(schema: Any, parts: Iterable[Any], form: str, folder: Path) -> Callable[[], Any]:
    import pyarrow as pa

    if form not in frames.STREAMED:
        return partial(frames.from_table, pa.concat_tables([schema.empty_table(), *parts]), form)
    spool = Spool(folder, schema)
    try:
        spool.fill(parts)
        return partial(frames.from_batches, schema, spool.batches(), form)
    finally:
        spool.discard()


def demand_frame(slot: Slot, record: Record, schema: Any, parts: Iterable[Any]) -> None:
    """Take all rows of a frame and drop them. Errors: DamagedError if they are not those of the record."""
    rows = Taken(schema, parts)
    for _ in rows:
        pass
    _demand_same(slot, record, rows)


def show(staged: Staged, schema: Any, parts: Iterable[Any], folder: Path, type: TypeExpr | None) -> Any:
    """The value of a staged frame, in the form asked for, as ``receive`` makes it. Errors: UnsupportedTypeError."""
    form = _labelled(staged.slot, frames.wanted_form, type, str(staged.metadata["form"]))
    return _labelled(staged.slot, _made(schema, parts, form, folder))


def _demand_same(slot: Slot, record: Record, rows: Taken) -> None:
    if rows.digest.finish() != record.data_version:
        raise DamagedError(f"{slot.label}: the rows in the table are not those of the record")


def _labelled(slot: Slot, make: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return make(*arguments)
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
        return Record.from_json(text)
    except ValueError as error:
        raise DamagedError(f"{label}: the record cannot be read: {error}") from None


def written(stored: str | bytes | None) -> bytes | None:
    """What was written of a value that is no frame, by what the database keeps: a text of JSON, or bytes."""
    if stored is None:
        return None
    return f"{stored}\n".encode() if isinstance(stored, str) else bytes(stored)


def _form(value: Any) -> str | None:
    """The form of a frame; None for another value."""
    try:
        return frames.form_of(value)
    except UnsupportedTypeError:
        return None


def _frame(value: Any) -> Content:
    table, form = frames.to_table(value)
    return Content(_facts(table.schema, form), Taken(table.schema, [table]))


def _streamed(value: Any) -> Content:
    import pyarrow as pa

    stream, form = frames.to_stream(value)
    parts = (pa.Table.from_batches([batch], stream.schema) for batch in stream)
    return Content(_facts(stream.schema, form), Taken(stream.schema, parts), guard=stream.passing_through)


def _facts(schema: Any, form: str) -> dict[str, Any]:
    for name in schema.names:
        if name in (ROW, PARTITION):
            raise UnsupportedTypeError(f"the column name {name!r} is taken: FlowStone adds a column of that name")
    return {
        "form": form,
        "rows": 0,
        "columns": len(schema),
        "schema": {field.name: str(field.type) for field in schema},
        "arrow": b64encode(schema.serialize().to_pybytes()).decode(),
    }


def _plain(value: Any) -> Content:
    form = "bytes" if type(value) is bytes else "json"
    try:
        data = value if form == "bytes" else json_values.dumps(value)
    except json_values.NotJsonError as error:
        raise UnsupportedTypeError(
            f"it cannot be stored as JSON: {error}", help="store a data frame, plain values, or dataclasses"
        ) from error
    return Content({"format": form}, data=data)


def _judge(type: TypeExpr, *, loading: bool) -> str | None:
    if frames.form_name(type) in frames.FORMS:
        return None
    return json_refusal(type, loading=loading, file=False)
