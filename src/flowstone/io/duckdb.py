"""Tables in a DuckDB file: data frames as rows, other values as JSON or bytes.

A value is staged in memory; ``publish`` opens the file, replaces the rows and the record in one transaction, and
closes it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from flowstone.config.environment import state_folder
from flowstone.errors import DamagedError, StorageError, UnsupportedTypeError
from flowstone.io import frames, table_values
from flowstone.io.contract import Options, Slot, Staged, Traits
from flowstone.io.duckdb_file import DuckdbFile
from flowstone.io.duckdb_tables import (
    RECORDS,
    SOURCE,
    VERSION,
    DuckdbCatalogue,
    check_columns,
    from_duckdb,
    migrate,
    name_of,
    of_value,
    quoted,
    run,
    to_duckdb,
)
from flowstone.io.paths import is_on_shared_disk
from flowstone.io.record import Record
from flowstone.io.table_manager import Rows, TableManager, demand_text
from flowstone.io.table_shape import Table, TableOptions, policy_of, shape
from flowstone.io.table_values import PARTITION, ROW, VALUE, Content, labelled, parse_record, table_name, written

_UNPARTITIONED = ""


class DuckdbConfig(Options):
    """Configuration of a ``duckdb`` manager."""

    path: str | None = Field(default=None, min_length=1)
    """The database file; relative to the project's folder. By default ``<state folder>/data/<name>.duckdb``."""
    schema_: str = Field(default="main", alias="schema", min_length=1)
    """The schema of the tables; it is made if it is missing. FlowStone's own tables lie there too."""
    patience: float = Field(default=60, gt=0)
    """Seconds to wait while another process has the file open."""


class DuckdbOptions(TableOptions):
    """Options of one asset in a ``duckdb`` manager."""


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

    def frame(self, table: Table, slot: Slot, schema: Any, present: dict[str, str]) -> Any:
        import pyarrow as pa

        check_columns(schema.names)
        if not set(schema.names) <= set(present):
            raise DamagedError(f"{slot.label}: the columns of {table.label} are not those of the record")
        rows, values = of_value(table, slot)
        query = f"SELECT {', '.join(map(quoted, schema.names)) or '1'} FROM {rows} ORDER BY {quoted(ROW)}"  # noqa: S608 - quoted
        found = self.connection.sql(query, params=values).to_arrow_table()
        try:
            return from_duckdb(found.select(schema.names), schema)
        except pa.ArrowException as error:
            raise DamagedError(
                f"{slot.label}: the columns of {table.label} are not those of the record: {error}"
            ) from error


class DuckdbManager(TableManager):
    """Stores each asset as a table in a DuckDB file: a data frame as its rows, another value as JSON or bytes."""

    Config: ClassVar[type[Options]] = DuckdbConfig
    AssetOptions: ClassVar[type[Options]] = DuckdbOptions
    traits: ClassVar[Traits] = Traits(durable=True, shared=None, single_writer=True, families=(frames.FORMS,))
    extra: ClassVar[str | None] = "duckdb"
    steps = ("staged", "opened", "written", "recorded", "committed")
    config: DuckdbConfig

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        super().__init__(name, config, project_root)
        self.file = DuckdbFile(name, self._path(), self.config.patience)

    def _path(self) -> Path:
        if self.config.path is not None:
            return self.project_root / Path(self.config.path).expanduser()
        return state_folder(self.project_root, os.environ) / "data" / f"{self.name}.duckdb"

    @classmethod
    def is_shared(cls, options: Mapping[str, Any]) -> bool | None:
        return is_on_shared_disk(options.get("path"))

    @classmethod
    def location(cls, asset: str, options: Options, *, partitioned: bool) -> str | None:
        table, schema = table_name(asset, options), getattr(options, "schema_", None)
        try:
            quoted(table, *([] if schema is None else [schema]))
        except UnsupportedTypeError as error:
            raise ValueError(str(error)) from None
        return (table if schema is None else f"{schema}.{table}").lower()  # DuckDB's names have no case

    def stage(self, slot: Slot, value: Any) -> Staged:
        table = self.table_of(slot)
        content = table_values.make_content(slot, value)
        try:
            rows = to_duckdb(content.table) if content.table is not None else _plain_rows(content)
        except UnsupportedTypeError as error:
            raise labelled(slot, error) from error
        self.reached("staged")
        metadata = {**content.metadata, "table": table.label}
        return Staged(slot, content.data_version, content.size, metadata, (table, content, rows))

    def publish(self, staged: Staged, record: Record) -> None:
        if staged.handle is None:
            raise StorageError(f"{staged.slot.label}: it was discarded, and cannot be published")
        table, content, rows = staged.handle
        with self.file.opened(staged.slot.label, "write", write=True) as connection:
            self.reached("opened")
            run(connection, "BEGIN")
            self._write(connection, staged.slot, table, rows)
            if content.table is not None:
                _demand_kept(connection, staged.slot, table, content.table.schema, record)
            self.reached("written")
            self._put_record(connection, table, staged.slot, record)
            self.reached("recorded")
            run(connection, "COMMIT")
            self.reached("committed")
        staged.handle = None

    def discard(self, staged: Staged) -> None:
        staged.handle = None

    def record(self, slot: Slot) -> Record | None:
        found = self._select(slot, "record", slot.partition or _UNPARTITIONED)
        return None if not found else parse_record(slot.label, found[0])

    def records(self, slot: Slot) -> Iterator[Record]:
        found = [parse_record(slot.asset, text) for text in self._select(slot, "record")]
        yield from sorted(found, key=lambda record: record.partition or "")

    def partitions(self, slot: Slot) -> Iterator[str | None]:
        yield from (text or None for text in sorted(self._select(slot, "partition")))

    @contextmanager
    def reading(self, slot: Slot, doing: str) -> Iterator[DuckdbRows | None]:
        with self.file.opened(slot.label, doing, write=False) as connection:
            yield None if connection is None else DuckdbRows(connection)

    def delete(self, slot: Slot) -> bool:
        table = self.table_of(slot)
        if not self.file.path.exists():
            return False
        with self.file.opened(slot.label, "delete", write=True) as connection:
            run(connection, "BEGIN")
            migrate(connection, table.schema)
            gone = run(
                connection,
                f"DELETE FROM {quoted(table.schema, RECORDS)} WHERE asset = ? AND partition = ? RETURNING 1",  # noqa: S608 - quoted
                (slot.asset, slot.partition or _UNPARTITIONED),
            )
            if ROW in DuckdbCatalogue(connection).columns(table):
                rows, values = of_value(table, slot)
                run(connection, f"DELETE FROM {rows}", values)  # noqa: S608 - quoted
            run(connection, "COMMIT")
            return bool(gone)

    def table_of(self, slot: Slot) -> Table:
        demand_text(slot)
        name = table_name(slot.asset, slot.options)
        schema = getattr(slot.options, "schema_", None) or self.config.schema_
        quoted(schema, name)
        if name.lower() in (RECORDS, VERSION, SOURCE):
            raise StorageError(f"{slot.asset}: the table name {name!r} is taken by FlowStone", help="choose another")
        return Table(schema, name, slot.asset, slot.partition is not None)

    def _write(self, connection: Any, slot: Slot, table: Table, rows: Any) -> None:
        migrate(connection, table.schema)
        connection.register(SOURCE, rows)
        try:
            described = run(connection, f"DESCRIBE SELECT * FROM {SOURCE}")  # noqa: S608 - a constant
            wanted = {name: kind for name, kind, *_ in described}
            own = {ROW: "BIGINT", **({PARTITION: "VARCHAR"} if table.partitioned else {})}
            shape(DuckdbCatalogue(connection), table, wanted, own, policy_of(slot.options, table))
            old, values = of_value(table, slot)
            run(connection, f"DELETE FROM {old}", values)  # noqa: S608 - quoted
            names = ", ".join(map(quoted, wanted))
            firsts = "row_number() OVER () - 1" + (", ?" if table.partitioned else "")
            run(
                connection,
                f"INSERT INTO {name_of(table)} ({', '.join(map(quoted, own))}, {names}) "  # noqa: S608 - quoted
                f"SELECT {firsts}, {names} FROM {SOURCE}",
                values,
            )
        finally:
            connection.unregister(SOURCE)

    def _put_record(self, connection: Any, table: Table, slot: Slot, record: Record) -> None:
        run(
            connection,
            f"INSERT OR REPLACE INTO {quoted(table.schema, RECORDS)} VALUES (?, ?, ?, ?)",  # noqa: S608 - quoted
            (slot.asset, slot.partition or _UNPARTITIONED, record.data_version, record.model_dump_json()),
        )

    def _select(self, slot: Slot, column: Literal["record", "partition"], partition: str | None = None) -> list[str]:
        """A column of the asset's rows among the records, or of one of them."""
        schema = self.table_of(slot).schema
        with self.file.opened(slot.label, "read the record", write=False) as connection:
            if connection is None or not DuckdbCatalogue(connection).columns(Table(schema, RECORDS, "", False)):
                return []
            query = f"SELECT {column} FROM {quoted(schema, RECORDS)} WHERE asset = ?"  # noqa: S608 - quoted
            if partition is None:
                found = run(connection, query, (slot.asset,))
            else:
                found = run(connection, f"{query} AND partition = ?", (slot.asset, partition))
            return [row[0] for row in found]


def _plain_rows(content: Content) -> Any:
    """The one row of a value that is no frame."""
    import pyarrow as pa

    if content.format == "bytes":
        return pa.table({VALUE: pa.array([content.data], pa.binary())})
    return pa.table({VALUE: pa.array([content.data.decode().rstrip("\n")], pa.string())})


def _demand_kept(connection: Any, slot: Slot, table: Table, schema: Any, record: Record) -> None:
    """Errors: UnsupportedTypeError if DuckDB has changed a value inside of a nested column."""
    import pyarrow.types as of

    if any(of.is_nested(field.type) for field in schema):
        rows = DuckdbRows(connection)
        try:
            table_values.load_frame(slot, record, rows.frame(table, slot, schema, rows.columns(table)), None)
        except DamagedError as error:
            raise UnsupportedTypeError(
                f"{slot.label}: DuckDB does not keep the values of a nested column as they are", help="flatten it"
            ) from error
