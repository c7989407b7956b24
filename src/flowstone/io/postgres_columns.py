"""Columns of a frame in Postgres: types, and values by way of COPY's CSV, which Arrow writes and reads in bulk.

What Arrow and Postgres print alike is sent as it is. The rest goes as what both know: times as microseconds, bytes as
hexadecimal digits, nested values as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flowstone.errors import UnsupportedTypeError
from flowstone.io import json_values
from flowstone.io.frame_digest import plain_type

LONGEST = 63
"""Bytes of the longest identifier (https://www.postgresql.org/docs/current/sql-syntax-lexical.html)."""
CHUNK_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a frame and what stands for it in a table."""

    name: str
    arrow: Any
    """Its type in the frame."""
    sql: str
    """Its type in the table, as ``format_type`` prints it."""
    selected: str
    """The expression that reads it, with ``{}`` for its quoted name."""
    read: Any
    """The Arrow type of what that expression gives."""
    write: Callable[[Any], Any]
    """From a column of the frame to one that CSV can hold."""
    restore: Callable[[Any], Any]
    """From what was read to the column of the frame."""


def columns_of(schema: Any) -> tuple[Column, ...]:
    """The columns of an Arrow schema. Errors: UnsupportedTypeError for names and types that no table can have."""
    for name in schema.names:
        check_identifier(name, "column")
    return tuple(_column(field.name, field.type) for field in schema)


def check_identifier(name: str, what: str) -> None:
    """Errors: UnsupportedTypeError for a text that cannot be the name of a table or column in Postgres."""
    if not name or "\0" in name:
        raise UnsupportedTypeError(f"{name!r} cannot be the name of a {what} in Postgres")
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > LONGEST:
        raise UnsupportedTypeError(
            f"the {what} name {name[:40]!r}... has {size} bytes; Postgres keeps no more than {LONGEST}",
            help=f"give it a shorter name: Postgres would cut it off and mix up two {what}s",
        )


def to_csv(table: Any, columns: Iterable[Column], first_row: int, partition: str | None) -> Iterator[bytes]:
    """The rows as CSV: the number of the row, the partition if there is one, then the columns.

    Errors: UnsupportedTypeError for values that the table's types cannot hold without loss.
    """
    import pyarrow as pa
    import pyarrow.csv as csv

    columns = tuple(columns)
    options = csv.WriteOptions(include_header=False)
    for start in range(0, table.num_rows, CHUNK_ROWS):
        part = table.slice(start, CHUNK_ROWS)
        numbers = pa.array(range(first_row + start, first_row + start + part.num_rows), pa.int64())
        arrays = [numbers]
        if partition is not None:
            arrays.append(pa.repeat(pa.scalar(partition), part.num_rows))
        try:
            arrays += [column.write(part.column(place)) for place, column in enumerate(columns)]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UnsupportedTypeError(f"a value cannot be stored in Postgres without loss: {error}") from error
        sink = pa.BufferOutputStream()
        csv.write_csv(pa.table(arrays, names=[str(place) for place in range(len(arrays))]), sink, options)
        yield sink.getvalue().to_pybytes()


def from_csv(data: bytes, columns: Iterable[Column]) -> Any:
    """The frame's Arrow table of what COPY gave for the row's number and the columns' expressions."""
    import pyarrow as pa
    import pyarrow.csv as csv

    columns = tuple(columns)
    names = [str(place) for place in range(len(columns) + 1)]
    types = dict(zip(names, [pa.int64(), *(item.read for item in columns)], strict=True))
    if not data:
        return pa.schema([(column.name, column.arrow) for column in columns]).empty_table()
    read = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=names, block_size=1 << 24),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    arrays = [column.restore(read.column(place + 1)) for place, column in enumerate(columns)]
    return pa.table(arrays, schema=pa.schema([(column.name, column.arrow) for column in columns]))


def _same(column: Any) -> Any:
    return column


def _column(name: str, type: Any) -> Column:
    import pyarrow as pa
    import pyarrow.types as of

    inner = type.value_type if of.is_dictionary(type) else type
    plain = plain_type(inner)
    write = _cast(plain) if plain != type and not of.is_nested(plain) else _same
    back = _cast(type)
    if plain in _SIMPLE():
        sql, read = _SIMPLE()[plain]
        return Column(name, type, sql, "{}", read, _chain(write, _cast(read)), back)
    if of.is_timestamp(plain):
        zone = "UTC" if plain.tz else None
        sql = "timestamp with time zone" if plain.tz else "timestamp without time zone"
        through = pa.timestamp("us", zone)
        return Column(name, type, sql, _MICROSECONDS, pa.int64(), _cast(through), _chain(_cast(through), back))
    if of.is_date(plain):
        cast = _chain(_cast(pa.date32()), back)
        return Column(name, type, "date", "({} - date '1970-01-01')", pa.int32(), _cast(pa.date32()), cast)
    if of.is_time(plain):
        through = pa.time64("us")
        sql = "time without time zone"
        return Column(name, type, sql, _MICROSECONDS, pa.int64(), _cast(through), _chain(_cast(through), back))
    if of.is_duration(plain):
        return Column(name, type, "bigint", "{}", pa.int64(), _cast(pa.int64()), back)
    if of.is_decimal(plain) and plain.scale >= 0:
        sql = f"numeric({plain.precision},{plain.scale})"
        return Column(name, type, sql, "{}", plain, write, back)
    if plain == pa.binary():
        return Column(name, type, "bytea", "encode({}, 'hex')", pa.string(), _to_hex, _chain(_from_hex, back))
    if of.is_null(plain):
        return Column(name, type, "text", "{}", pa.string(), _cast(pa.string()), lambda column: pa.nulls(len(column)))
    if of.is_nested(plain):
        return Column(name, type, "json", "{}", pa.string(), _to_json, lambda column: _from_json(column, type))
    raise UnsupportedTypeError(f"column {name!r} of type {type} cannot be stored in Postgres")


_MICROSECONDS = "(extract(epoch from {}) * 1000000)::bigint"


def _SIMPLE() -> dict[Any, tuple[str, Any]]:  # noqa: N802 - a constant that needs pyarrow
    """Types that both sides print alike: the plain Arrow type to the type of the table and that of the text."""
    import pyarrow as pa

    return {
        pa.bool_(): ("boolean", pa.bool_()),
        pa.int8(): ("smallint", pa.int16()),
        pa.int16(): ("smallint", pa.int16()),
        pa.int32(): ("integer", pa.int32()),
        pa.int64(): ("bigint", pa.int64()),
        pa.uint8(): ("smallint", pa.int16()),
        pa.uint16(): ("integer", pa.int32()),
        pa.uint32(): ("bigint", pa.int64()),
        pa.uint64(): ("numeric(20,0)", pa.uint64()),
        pa.float16(): ("real", pa.float32()),
        pa.float32(): ("real", pa.float32()),
        pa.float64(): ("double precision", pa.float64()),
        pa.string(): ("text", pa.string()),
    }


def _cast(type: Any) -> Callable[[Any], Any]:
    return lambda column: column if column.type == type else column.cast(type)


def _chain(first: Callable[[Any], Any], then: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda column: then(first(column))


def _to_hex(column: Any) -> Any:
    import pyarrow as pa

    return pa.array([None if value is None else f"\\x{value.hex()}" for value in column.to_pylist()], pa.string())


def _from_hex(column: Any) -> Any:
    import pyarrow as pa

    return pa.array([None if value is None else bytes.fromhex(value) for value in column.to_pylist()], pa.binary())


def _to_json(column: Any) -> Any:
    import pyarrow as pa

    texts = [None if value is None else json_values.dumps(value).decode().rstrip() for value in column.to_pylist()]
    return pa.array(texts, pa.string())


def _from_json(column: Any, type: Any) -> Any:
    import pyarrow as pa

    return pa.array([None if text is None else json_values.loads(text.encode()) for text in column.to_pylist()], type)
