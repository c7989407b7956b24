"""Tables in a DuckDB file: data frames as rows, other values as JSON or bytes.

A value is staged in memory, one that comes as record batches in a file without a name. ``publish`` opens the database,
replaces the rows and the record in one transaction, and closes it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from flowstone.config.environment import state_folder
from flowstone.errors import DamagedError, StorageError, UnsupportedTypeError
from flowstone.io import frames, table_values
from flowstone.io.contract import Options, Slot, Staged, Traits
from flowstone.io.duckdb_file import DuckdbFile
from flowstone.io.duckdb_rows import DuckdbRows, Waiting, wait
from flowstone.io.duckdb_tables import RECORDS, SOURCE, VERSION, DuckdbCatalogue, migrate, of_value, quoted, run
from flowstone.io.paths import is_on_shared_disk
from flowstone.io.record import Record
from flowstone.io.table_manager import TableManager, demand_text, width_of
from flowstone.io.table_shape import Table, TableOptions, is_of, policy_of, shape
from flowstone.io.table_values import PARTITION, ROW, labelled, parse_record, table_name
from flowstone.ir.types import TypeExpr

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
    def apart(cls, folder: Path, mark: str) -> dict[str, Any]:
        return {"path": str(folder.with_name(f".{folder.name}.duckdb"))}

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
            with content.guard():
                waiting = wait(table, content, self.spools)
        except UnsupportedTypeError as error:
            raise labelled(slot, error) from error
        self.reached("staged")
        return content.staged(slot, table.label, waiting)

    def load_staged(self, staged: Staged, type: TypeExpr | None) -> Any:
        waiting: Waiting = staged.handle
        if waiting.schema is None:
            return super().load_staged(staged, type)
        return table_values.show(staged, waiting.schema, waiting.frame(), self.spools, type)

    def publish(self, staged: Staged, record: Record) -> None:
        if staged.handle is None:
            raise StorageError(f"{staged.slot.label}: it was discarded, and cannot be published")
        waiting: Waiting = staged.handle
        with self.file.opened(staged.slot.label, "write", write=True) as connection:
            self.reached("opened")
            run(connection, "BEGIN")
            self._write(connection, staged.slot, waiting)
            if waiting.schema is not None:
                _demand_kept(connection, staged.slot, waiting, record)
            self.reached("written")
            self._put_record(connection, waiting.table, staged.slot, record)
            self.reached("recorded")
            run(connection, "COMMIT")
            self.reached("committed")
        self.discard(staged)

    def discard(self, staged: Staged) -> None:
        waiting, staged.handle = staged.handle, None
        if waiting is not None:
            waiting.discard()

    def record(self, slot: Slot) -> Record | None:
        found = self._select(slot, "record", slot.partition or _UNPARTITIONED)
        return None if not found else parse_record(slot.label, found[0])

    def read(self, slot: Slot, type: TypeExpr | None) -> tuple[Record, Any]:
        with self.file.kept_open(slot.label):  # else all who wait would write between the record and its value
            return super().read(slot, type)

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
            if is_of(DuckdbCatalogue(connection), table):
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

    def _write(self, connection: Any, slot: Slot, waiting: Waiting) -> None:
        table = waiting.table
        migrate(connection, table.schema)
        own = {ROW: "BIGINT", **({PARTITION: "VARCHAR"} if table.partitioned else {})}
        types = waiting.types(connection)
        shape(DuckdbCatalogue(connection), table, types, own, policy_of(slot.options, table))
        old, values = of_value(table, slot)
        run(connection, f"DELETE FROM {old}", values)  # noqa: S608 - quoted
        waiting.insert(connection, slot, own)

    def _put_record(self, connection: Any, table: Table, slot: Slot, record: Record) -> None:
        run(
            connection,
            f"INSERT OR REPLACE INTO {quoted(table.schema, RECORDS)} VALUES (?, ?, ?, ?)",  # noqa: S608 - quoted
            (slot.asset, slot.partition or _UNPARTITIONED, record.data_version, record.to_json().decode()),
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


def _demand_kept(connection: Any, slot: Slot, waiting: Waiting, record: Record) -> None:
    """Errors: UnsupportedTypeError if DuckDB has changed a value inside of a nested column."""
    import pyarrow.types as of

    if any(of.is_nested(field.type) for field in waiting.schema):
        rows = DuckdbRows(connection).frame(waiting.table, slot, waiting.schema, width_of(record))
        try:
            table_values.demand_frame(slot, record, waiting.schema, rows)
        except DamagedError as error:
            raise UnsupportedTypeError(
                f"{slot.label}: DuckDB does not keep the values of a nested column as they are", help="flatten it"
            ) from error
