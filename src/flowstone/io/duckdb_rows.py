"""The rows of a value on their way into a DuckDB file and out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from flowstone.errors import DamagedError
from flowstone.io import frames
from flowstone.io.contract import Slot
from flowstone.io.duckdb_tables import (
    SOURCE,
    DuckdbCatalogue,
    check_columns,
    from_duckdb,
    name_of,
    of_value,
    quoted,
    run,
    to_duckdb,
)
from flowstone.io.spool import Spool
from flowstone.io.table_manager import Rows
from flowstone.io.table_shape import Table
from flowstone.io.table_values import ROW, VALUE, Content, written

WINDOW = 16 << 20
"""Bytes of rows that are put in order together."""
MEMORY = 96 << 20
ROW_GROUP = 122_880
"""Rows that DuckDB compresses together."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The rows of a staged value, as DuckDB can hold them: in memory, or in a file if they came as a stream."""

    table: Table
    schema: Any
    """That of the frame; None for another value."""
    held: Any
    """The schema of the rows."""
    width: int
    """About how many bytes a row has."""
    parts: Callable[[], Iterable[Any]]
    discard: Callable[[], object]

    def frame(self) -> Iterator[Any]:
        """The rows of the frame that was staged."""
        return (from_duckdb(part, self.schema) for part in self.parts())

    def insert(self, connection: Any, slot: Slot, own: Iterable[str]) -> None:
        """Put all rows into the table, in one statement: of many DuckDB would keep all rows in memory."""
        import pyarrow as pa

        names = ", ".join(map(quoted, self.held.names))
        partition = [] if slot.partition is None else [slot.partition]
        statement = (
            f"INSERT INTO {name_of(self.table)} ({', '.join(map(quoted, own))}, {names}) "  # noqa: S608 - quoted
            f"SELECT row_number() OVER () - 1{', ?' * len(partition)}, {names} FROM {SOURCE}"
        )
        batches = (batch for part in self.parts() for batch in part.to_batches(max_chunksize=frames.BATCH_ROWS))
        _spare_memory(connection, self.width)
        connection.register(SOURCE, pa.RecordBatchReader.from_batches(self.held, batches))
        try:
            run(connection, statement, partition)
        finally:
            connection.unregister(SOURCE)

    def types(self, connection: Any) -> dict[str, str]:
        """The columns with the types that DuckDB gives them."""
        connection.register(SOURCE, self.held.empty_table())
        try:
            return {name: kind for name, kind, *_ in run(connection, f"DESCRIBE SELECT * FROM {SOURCE}")}  # noqa: S608
        finally:
            connection.unregister(SOURCE)


def wait(table: Table, content: Content, folder: Path) -> Waiting:
    """Take all rows of a value. Errors: UnsupportedTypeError for those that DuckDB cannot hold; OSError."""
    if content.rows is None:
        plain = _plain_rows(content)
        return Waiting(table, None, plain.schema, len(content.data), lambda: [plain], _nothing)
    schema = content.rows.schema
    held = to_duckdb(schema.empty_table()).schema
    rows = map(to_duckdb, content.rows)
    if content.facts["form"] not in frames.STREAMED:
        parts = list(rows)
        return Waiting(table, schema, held, content.rows.width, lambda: parts, parts.clear)
    spool = Spool(folder, held)
    try:
        spool.fill(rows)
    except BaseException:
        spool.discard()
        raise
    return Waiting(table, schema, held, content.rows.width, spool.tables, spool.discard)


@dataclass(frozen=True, slots=True)
class DuckdbRows(Rows):
    """Reads values from an open file."""

    kinds: ClassVar[Mapping[str, str]] = {"json": "VARCHAR", "bytes": "BLOB"}
    connection: Any

    def columns(self, table: Table) -> dict[str, str]:
        return DuckdbCatalogue(self.connection).columns(table)

    def count(self, table: Table, slot: Slot) -> int:
        rows, values = of_value(table, slot)
        return int(run(self.connection, f"SELECT count(*) FROM {rows}", values)[0][0])  # noqa: S608 - quoted

    def values(self, table: Table, slot: Slot, format: str) -> list[bytes | None]:
        where, values = of_value(table, slot)
        found = [row[0] for row in run(self.connection, f"SELECT {VALUE} FROM {where}", values)]  # noqa: S608 - quoted
        return [written(item) for item in found]

    def demand_columns(self, table: Table, slot: Slot, schema: Any, present: dict[str, str]) -> None:
        check_columns(schema.names)
        if not set(schema.names) <= set(present):
            raise DamagedError(f"{slot.label}: the columns of {table.label} are not those of the record")

    def frame(self, table: Table, slot: Slot, schema: Any, width: int) -> Iterator[Any]:
        import pyarrow as pa

        try:
            for batch in self._batches(table, slot, schema, width):
                yield from_duckdb(pa.Table.from_batches([batch]).select(schema.names), schema)
        except pa.ArrowException as error:
            raise DamagedError(
                f"{slot.label}: the columns of {table.label} are not those of the record: {error}"
            ) from error

    def _batches(self, table: Table, slot: Slot, schema: Any, width: int) -> Iterator[Any]:
        """The rows in their order, in windows: DuckDB would put all of a large table in order at once."""
        _spare_memory(self.connection, width)
        count = max(WINDOW // width, 1)
        rows, values = of_value(table, slot)
        row, joint = quoted(ROW), "AND" if values else "WHERE"
        names = ", ".join(map(quoted, schema.names)) or "1"
        query = f"SELECT {names} FROM {rows} {joint} {row} BETWEEN ? AND ? ORDER BY {row}"  # noqa: S608 - quoted
        last = run(self.connection, f"SELECT max({row}) FROM {rows}", values)[0][0]  # noqa: S608 - quoted
        for first in range(0, 0 if last is None else last + 1, count):
            window = self.connection.sql(query, params=[*values, first, first + count - 1])
            yield from window.to_arrow_reader(frames.BATCH_ROWS)


def _spare_memory(connection: Any, width: int) -> None:
    """Limit what DuckDB keeps of a table that passes through: it would keep all of it, and it needs some row groups."""
    connection.execute(f"SET memory_limit = '{MEMORY + 4 * ROW_GROUP * width} B'")
    connection.execute("SET threads = 2")


def _plain_rows(content: Content) -> Any:
    """The one row of a value that is no frame."""
    import pyarrow as pa

    if content.format == "bytes":
        return pa.table({VALUE: pa.array([content.data], pa.binary())})
    return pa.table({VALUE: pa.array([content.data.decode().rstrip("\n")], pa.string())})


def _nothing() -> None:
    """What is in memory need not be discarded."""
