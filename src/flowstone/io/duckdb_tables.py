"""The tables in a DuckDB file, and frames as DuckDB can hold them.

DuckDB's driver composes no identifiers: ``quoted`` does, and nothing else. Values are parameters; tables of Arrow are
registered, not written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flowstone.errors import StorageError, UnsupportedTypeError
from flowstone.io.contract import Slot
from flowstone.io.frame_digest import plain_type
from flowstone.io.table_shape import Table
from flowstone.io.table_values import PARTITION, ROW

RECORDS = "flowstone_records"
VERSION = "flowstone_version"
SOURCE = "flowstone_source"
"""Name under which a statement sees the rows that are to be stored."""

_FIRST = """\
CREATE TABLE {} (
    asset VARCHAR NOT NULL,
    partition VARCHAR NOT NULL,
    data_version VARCHAR NOT NULL,
    record VARCHAR NOT NULL,
    PRIMARY KEY (asset, partition)
)"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""What leads from each version of FlowStone's own tables to the next; each once, in order, in one transaction."""


def run(connection: Any, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a statement: DuckDB wants a result to be fetched to its end before the next."""
    found: list[tuple[Any, ...]] = connection.execute(statement, values).fetchall()
    return found


def quoted(*names: str) -> str:
    """An identifier, or a dotted one. Errors: UnsupportedTypeError for texts that cannot be one."""
    for name in names:
        if not name or "\0" in name:
            raise UnsupportedTypeError(f"{name!r} cannot be a name in DuckDB")
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def check_columns(names: list[str]) -> None:
    """Errors: UnsupportedTypeError for columns that DuckDB takes for one and the same, or for FlowStone's."""
    seen: dict[str, str] = {}
    for name in names:
        quoted(name)
        other = seen.setdefault(name.lower(), name)
        if other != name or name.lower() in (ROW, PARTITION):
            taken = other if other != name else name.lower()
            raise UnsupportedTypeError(f"the columns {name!r} and {taken!r} are one and the same for DuckDB")


@dataclass(frozen=True, slots=True)
class DuckdbCatalogue:
    """What ``shape`` asks of DuckDB."""

    connection: Any

    def columns(self, table: Table) -> dict[str, str]:
        found = run(
            self.connection,
            "SELECT column_name, data_type FROM duckdb_columns() "
            "WHERE lower(schema_name) = lower(?) AND lower(table_name) = lower(?) "
            "AND database_name = current_database() ORDER BY column_index",
            (table.schema, table.name),
        )
        return {row[0]: row[1] for row in found}

    def comment(self, table: Table) -> str | None:
        found = run(
            self.connection,
            "SELECT comment FROM duckdb_tables() WHERE lower(schema_name) = lower(?) AND lower(table_name) = lower(?) "
            "AND database_name = current_database()",
            (table.schema, table.name),
        )
        return found[0][0] if found else None

    def partitions(self, table: Table) -> int:
        query = f"SELECT count(DISTINCT {quoted(PARTITION)}) FROM {name_of(table)}"  # noqa: S608 - quoted
        return int(run(self.connection, query)[0][0])

    def lock(self, table: Table) -> None:
        """Nothing: a writer has the file for itself."""

    def create(self, table: Table, columns: dict[str, str]) -> None:
        parts = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        run(self.connection, f"CREATE TABLE {name_of(table)} ({parts})")
        comment = table.comment.replace("'", "''")
        run(self.connection, f"COMMENT ON TABLE {name_of(table)} IS '{comment}'")

    def drop(self, table: Table) -> None:
        run(self.connection, f"DROP TABLE {name_of(table)}")

    def add(self, table: Table, column: str, kind: str) -> None:
        run(self.connection, f"ALTER TABLE {name_of(table)} ADD COLUMN {quoted(column)} {kind}")


def name_of(table: Table) -> str:
    """The quoted name of a table."""
    return quoted(table.schema, table.name)


def migrate(connection: Any, schema: str) -> None:
    """Bring FlowStone's own tables in a schema to the version of this release, in the open transaction.

    Errors: StorageError if a newer release has been here.
    """
    run(connection, f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    version_table = quoted(schema, VERSION)
    run(connection, f"CREATE TABLE IF NOT EXISTS {version_table} (version INTEGER NOT NULL)")
    version = run(connection, f"SELECT max(version) FROM {version_table}")[0][0] or 0  # noqa: S608 - quoted
    if version > len(MIGRATIONS):
        raise StorageError(
            f"the schema {schema!r} was written by a newer FlowStone (version {version} of its tables, "
            f"this one knows {len(MIGRATIONS)})",
            help="upgrade FlowStone here",
        )
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        run(connection, step.format(quoted(schema, RECORDS)))
        run(connection, f"INSERT INTO {version_table} VALUES (?)", (number,))  # noqa: S608 - quoted


def of_value(table: Table, slot: Slot) -> tuple[str, list[str]]:
    """What follows FROM to mean the rows of one value, and its parameters."""
    if not table.partitioned:
        return name_of(table), []
    assert slot.partition is not None
    return f"{name_of(table)} WHERE {quoted(PARTITION)} = ?", [slot.partition]


def to_duckdb(table: Any) -> Any:
    """An Arrow table with the types that DuckDB has. Errors: UnsupportedTypeError."""
    import pyarrow as pa

    check_columns(table.column_names)
    try:
        columns = [column.cast(_held(column.type)) for column in table.columns]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise UnsupportedTypeError(f"a value cannot be stored in DuckDB without loss: {error}") from error
    return pa.table(columns, names=table.column_names)


def from_duckdb(found: Any, schema: Any) -> Any:
    """The table that was stored, of what DuckDB gave back. Errors: pyarrow.ArrowException if it is another."""
    import pyarrow as pa
    import pyarrow.types as of

    columns = [
        pa.nulls(len(column)) if of.is_null(field.type) else column.cast(_held(field.type)).cast(field.type)
        for column, field in zip(found.columns, schema, strict=True)
    ]
    return pa.table(columns, schema=schema)


def _held(type: Any) -> Any:
    """The Arrow type in which DuckDB keeps the values of a type."""
    import pyarrow as pa
    import pyarrow.types as of

    kind = type.value_type if of.is_dictionary(type) else type
    if of.is_nested(kind):
        plain_type(kind)  # refuses what holds no values
        return kind
    plain = plain_type(kind)
    if of.is_float16(plain):
        return pa.float32()
    if of.is_null(plain):
        return pa.string()
    if of.is_duration(plain):
        return pa.int64()
    if of.is_date(plain):
        return pa.date32()
    if of.is_time(plain):
        return pa.time64("us")
    if of.is_timestamp(plain) and plain.tz:
        return pa.timestamp("us", "UTC")
    if of.is_decimal(plain) and (plain.precision > 38 or plain.scale < 0):
        raise UnsupportedTypeError(f"DuckDB has no decimals with {plain.precision} digits and scale {plain.scale}")
    return plain
