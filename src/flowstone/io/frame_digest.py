"""The data version of a table that lies in a database: a hash of what it holds, however that is stored.

A database returns values, not the bytes that were written, so that the hash is taken of an Arrow table's names, types
and values. Two equal tables have one hash whatever lies under their gaps, however they are chunked, whether texts are
dictionary-encoded, and which release of Arrow holds them: the columnar format is a specification
(https://arrow.apache.org/docs/format/Columnar.html). Rows are hashed in blocks, so that a stream needs little memory.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

from flowstone.errors import UnsupportedTypeError

BLOCK = 65_536
"""Rows that are hashed together, column by column."""


def plain_type(type: Any) -> Any:
    """An Arrow type without what does not matter for its values: dictionaries and the width of offsets.

    Errors: UnsupportedTypeError for types that hold no values of their own.
    """
    import pyarrow as pa
    import pyarrow.types as of

    if of.is_dictionary(type):
        return plain_type(type.value_type)
    if of.is_large_string(type) or of.is_string_view(type):
        return pa.string()
    if of.is_large_binary(type) or of.is_binary_view(type) or of.is_fixed_size_binary(type):
        return pa.binary()
    if of.is_map(type):
        return pa.list_(pa.struct([("key", plain_type(type.key_type)), ("value", plain_type(type.item_type))]))
    if of.is_list(type) or of.is_large_list(type) or of.is_fixed_size_list(type):
        return pa.list_(plain_type(type.value_type))
    if of.is_struct(type):
        return pa.struct([(field.name, plain_type(field.type)) for field in type])
    if of.is_nested(type) or of.is_interval(type) or isinstance(type, pa.BaseExtensionType):
        raise UnsupportedTypeError(f"columns of type {type} cannot be stored in a database")
    return type


class FrameDigest:
    """Takes the rows of one table, in any portions."""

    def __init__(self, schema: Any) -> None:
        self._hash = hashlib.sha256()
        self._schema = schema
        self._waiting: list[Any] = []
        self._count = 0
        self.size = 0
        """Bytes hashed so far."""
        self._add(json.dumps([[field.name, str(plain_type(field.type))] for field in schema]).encode())

    def update(self, table: Any) -> None:
        """Take further rows. Errors: UnsupportedTypeError."""
        self._waiting.append(table)
        self._count += table.num_rows
        if self._count >= BLOCK:
            self._drain(self._count - self._count % BLOCK)

    def finish(self) -> str:
        """The data version: ``sha256:`` and the hex digest."""
        self._drain(self._count)
        return f"sha256:{self._hash.hexdigest()}"

    def _drain(self, rows: int) -> None:
        import pyarrow as pa

        table = pa.concat_tables(self._waiting) if self._waiting else self._schema.empty_table()
        for start in range(0, rows, BLOCK):
            block = table.slice(start, min(BLOCK, rows - start))
            self._add(block.num_rows.to_bytes(8, "little"))
            for column in block.columns:
                chunks = column.chunks
                self._column(chunks[0] if len(chunks) == 1 else column.combine_chunks())
        self._waiting, self._count = ([table.slice(rows)] if self._count > rows else []), self._count - rows

    def _column(self, array: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.types as of

        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
        if of.is_dictionary(array.type):
            array = array.dictionary_decode()
        kind = array.type
        if of.is_null(kind):
            return
        if array.null_count:
            self._add(_bytes_of(pc.cast(array.is_valid(), pa.uint8()), 1))
        else:
            self._add(b"\1" * len(array))
        if of.is_map(kind) or of.is_list(kind) or of.is_large_list(kind) or of.is_fixed_size_list(kind):
            self._nested_list(array)
        elif of.is_struct(kind):
            for child in array.flatten():
                self._column(child)
        elif plain_type(kind) in (pa.string(), pa.binary()):
            self._texts(array.cast(pa.large_string() if plain_type(kind) == pa.string() else pa.large_binary()))
        else:
            self._fixed(array)

    def _nested_list(self, array: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.types as of

        if of.is_map(array.type):
            fields = pa.struct([("key", array.type.key_type), ("value", array.type.item_type)])
            array = array.cast(pa.list_(fields))
        self._fixed(pc.list_value_length(array).cast(pa.int64()))
        self._column(array.flatten())

    def _texts(self, array: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        filled = pc.fill_null(array, pa.scalar("" if array.type == pa.large_string() else b"", array.type))
        lengths = pc.binary_length(filled)
        self._fixed(lengths)
        _, offsets, data = filled.buffers()
        if len(filled) and data is not None:
            starts = memoryview(offsets).cast("q")
            self._add(memoryview(data)[starts[filled.offset] : starts[filled.offset + len(filled)]])

    def _fixed(self, array: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.types as of

        kind = array.type
        if of.is_boolean(kind):
            array = array.cast(pa.uint8())
        elif of.is_temporal(kind):
            array = array.view(pa.int64() if kind.bit_width == 64 else pa.int32())
        elif of.is_float64(kind) or of.is_float32(kind):
            array = pc.if_else(pc.is_nan(array), pa.scalar(float("nan"), kind), array)
        elif of.is_float16(kind):
            array = array.view(pa.uint16())
        if array.null_count:
            zero = Decimal(0) if of.is_decimal(kind) else 0
            array = pc.fill_null(array, pa.scalar(zero, array.type))
        self._add(_bytes_of(array, array.type.bit_width // 8))

    def _add(self, data: Any) -> None:
        self._hash.update(data)
        self.size += len(data)


def _bytes_of(array: Any, width: int) -> Any:
    """The values of an array without gaps."""
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return b""
    return memoryview(buffer)[array.offset * width : (array.offset + len(array)) * width]
