"""Tables in Postgres: data frames as rows, other values as JSON or bytes.

A value is written in the transaction that publishes it: ``stage`` deletes the old rows and copies the new ones, which
nobody else sees; ``publish`` adds the record and commits; ``discard``, a crash or a lost connection undo all of it.
Writers of one asset and partition take turns by an advisory lock, from ``stage`` on: stage and end one before the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from flowstone.errors import DamagedError, StorageError, UnsupportedTypeError
from flowstone.io import frames, postgres_tables, table_values
from flowstone.io.contract import Options, Slot, Staged, Traits
from flowstone.io.postgres_columns import Column, check_identifier, columns_of, from_csv, to_csv
from flowstone.io.postgres_session import Sessions, changed, faults
from flowstone.io.postgres_sql import copy_in, copy_out, of_value, statement
from flowstone.io.postgres_tables import RECORDS, PostgresCatalogue
from flowstone.io.record import Record
from flowstone.io.table_manager import Rows, TableManager, demand_text
from flowstone.io.table_shape import Table, TableOptions, is_of, policy_of, shape
from flowstone.io.table_values import PARTITION, ROW, VALUE, Content, labelled, parse_record, table_name, written
from flowstone.ir.types import TypeExpr

PORTION = 16 << 20
"""Bytes of rows that are read together."""
LONGEST_PARTITION = 1_000
"""Characters of a partition's text: an index of Postgres holds no long ones."""

_UNPARTITIONED = ""
_ONE_RECORD = "SELECT record FROM {} WHERE asset = {} AND partition = {}"
_ALL_RECORDS = 'SELECT record FROM {} WHERE asset = {} ORDER BY partition COLLATE "C"'
_PARTITIONS = 'SELECT partition FROM {} WHERE asset = {} ORDER BY partition COLLATE "C"'
_VALUES = {"json": "SELECT value::text FROM {}", "bytes": "SELECT value FROM {}"}
_FORMATS = {"json": "json", "bytes": "bytea"}


class PostgresConfig(Options):
    """Configuration of a ``postgres`` manager."""

    dsn: str
    """Where the database is: ``postgresql://...``, or ``host=... dbname=...``. Refer to a secret:
    ``{ env = "WAREHOUSE_DSN" }``."""
    schema_: str = Field(default="public", alias="schema", min_length=1)
    """The schema of the tables; it is made if it is missing. FlowStone's own tables lie there too."""
    connect_timeout: int = Field(default=10, gt=0)
    """Seconds to wait for the server."""


class PostgresOptions(TableOptions):
    """Options of one asset in a ``postgres`` manager."""


@dataclass(slots=True)
class _Open:
    """A transaction between ``stage`` and ``publish``."""

    connection: Any
    table: Table
    schema: Any
    """Of a frame."""


@dataclass(frozen=True, slots=True)
class PostgresRows(Rows):
    """Reads values in a transaction."""

    kinds: ClassVar[Mapping[str, str]] = _FORMATS
    connection: Any

    def columns(self, table: Table) -> dict[str, str]:
        return PostgresCatalogue(self.connection).columns(table)

    def count(self, table: Table, slot: Slot) -> int:
        return int(self.connection.execute(of_value("SELECT count(*) FROM {}", table, slot)).fetchone()[0])

    def values(self, table: Table, slot: Slot, format: str) -> list[bytes | None]:
        found = self.connection.execute(of_value(_VALUES[format], table, slot)).fetchall()
        return [written(row[0]) for row in found]

    def demand_columns(self, table: Table, slot: Slot, schema: Any, present: dict[str, str]) -> None:
        if any(present.get(column.name) != column.sql for column in columns_of(schema)):
            raise DamagedError(f"{slot.label}: the columns of {table.label} are not those of the record")

    def frame(self, table: Table, slot: Slot, schema: Any, width: int = 0) -> Iterator[Any]:
        columns = columns_of(schema)
        with self.connection.cursor().copy(copy_out(table, slot, columns)) as copy:
            for data in _portions(copy):
                yield from_csv(data, columns).cast(schema)


class PostgresManager(TableManager):
    """Stores each asset as a table in Postgres: a data frame as its rows, another value as JSON or bytes."""

    Config: ClassVar[type[Options]] = PostgresConfig
    AssetOptions: ClassVar[type[Options]] = PostgresOptions
    traits: ClassVar[Traits] = Traits(durable=True, shared=True, families=(frames.FORMS,))
    extra: ClassVar[str | None] = "postgres"
    steps = ("locked", "copied", "recorded", "committed")
    config: PostgresConfig

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        super().__init__(name, config, project_root)
        self._sessions = Sessions(name, self.config.dsn, self.config.connect_timeout)
        self._migrated: set[str] = set()

    @classmethod
    def apart(cls, folder: Path, mark: str) -> dict[str, Any]:
        return {"schema": mark}

    def remove_apart(self, mark: str) -> None:
        with self._sessions.transaction(mark, "remove the schema") as connection:
            connection.execute(statement("DROP SCHEMA IF EXISTS {} CASCADE", (mark,)))

    @classmethod
    def location(cls, asset: str, options: Options, *, partitioned: bool) -> str | None:
        table = table_name(asset, options)
        try:
            check_identifier(table, "table")
        except UnsupportedTypeError as error:
            raise ValueError(str(error)) from None
        schema = getattr(options, "schema_", None)
        return table if schema is None else f"{schema}.{table}"

    def stage(self, slot: Slot, value: Any) -> Staged:
        table = self.table_of(slot)
        content = table_values.make_content(slot, value)
        with content.guard(), faults(self.name, slot.label, "write"):
            connection = self._connection(table.schema)
            try:
                self._write(connection, slot, table, content)
            except UnsupportedTypeError as error:
                self._sessions.give_back(connection)
                raise labelled(slot, error) from error
            except BaseException:
                self._sessions.give_back(connection)
                raise
        schema = None if content.rows is None else content.rows.schema
        return content.staged(slot, table.label, _Open(connection, table, schema))

    def load_staged(self, staged: Staged, type: TypeExpr | None) -> Any:
        opened: _Open = staged.handle
        if opened.schema is None:
            return super().load_staged(staged, type)
        with faults(self.name, staged.slot.label, "read"):
            parts = PostgresRows(opened.connection).frame(opened.table, staged.slot, opened.schema)
            return table_values.show(staged, opened.schema, parts, self.spools, type)

    def publish(self, staged: Staged, record: Record) -> None:
        if staged.handle is None:
            raise StorageError(f"{staged.slot.label}: it was discarded, and cannot be published")
        opened: _Open = staged.handle
        with faults(self.name, staged.slot.label, "publish"):
            self._put_record(opened, staged.slot, record)
            self.reached("recorded")
            opened.connection.commit()
            staged.handle = None
            self._sessions.give_back(opened.connection)
        self.reached("committed")

    def discard(self, staged: Staged) -> None:
        opened, staged.handle = staged.handle, None
        if opened is not None:
            self._sessions.give_back(opened.connection)

    def record(self, slot: Slot) -> Record | None:
        found = self._select_records(slot, _ONE_RECORD, slot.partition or _UNPARTITIONED)
        return None if not found else parse_record(slot.label, found[0])

    def records(self, slot: Slot) -> Iterator[Record]:
        for text in self._select_records(slot, _ALL_RECORDS):
            yield parse_record(slot.asset, text)

    def partitions(self, slot: Slot) -> Iterator[str | None]:
        yield from (text or None for text in self._select_records(slot, _PARTITIONS))

    @contextmanager
    def reading(self, slot: Slot, doing: str) -> Iterator[PostgresRows]:
        with self._sessions.transaction(slot.label, doing) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            with changed(slot.label):
                yield PostgresRows(connection)

    def delete(self, slot: Slot) -> bool:
        table = self.table_of(slot)
        with self._sessions.transaction(slot.label, "delete") as connection:
            self._migrate(connection, table.schema)
            postgres_tables.lock(connection, "value", slot.asset, slot.partition or _UNPARTITIONED)
            gone = connection.execute(
                statement(
                    "DELETE FROM {} WHERE asset = {} AND partition = {}",
                    (table.schema, RECORDS),
                    slot.asset,
                    slot.partition or _UNPARTITIONED,
                )
            )
            if is_of(PostgresCatalogue(connection), table):
                connection.execute(of_value("DELETE FROM {}", table, slot))
            return bool(gone.rowcount)

    def table_of(self, slot: Slot) -> Table:
        demand_text(slot)
        _demand_key(slot)
        name = table_name(slot.asset, slot.options)
        schema = getattr(slot.options, "schema_", None) or self.config.schema_
        for text, what in ((name, "table"), (schema, "schema")):
            check_identifier(text, what)
        if name in (RECORDS, postgres_tables.VERSION):
            raise StorageError(f"{slot.asset}: the table name {name!r} is taken by FlowStone", help="choose another")
        return Table(schema, name, slot.asset, slot.partition is not None)

    def _connection(self, schema: str) -> Any:
        """A connection in a new transaction, in a database that has FlowStone's own tables."""
        if schema not in self._migrated:
            with self._sessions.transaction(schema, "make tables") as connection:
                self._migrate(connection, schema)
            self._migrated.add(schema)
        return self._sessions.take()

    def _migrate(self, connection: Any, schema: str) -> None:
        if schema not in self._migrated:
            postgres_tables.migrate(connection, schema)

    def _write(self, connection: Any, slot: Slot, table: Table, content: Content) -> None:
        postgres_tables.lock(connection, "value", slot.asset, slot.partition or _UNPARTITIONED)
        self.reached("locked")
        columns = () if content.rows is None else columns_of(content.rows.schema)
        types = _types(content, columns)
        own = {ROW: "bigint", **({PARTITION: "text"} if table.partitioned else {})}
        shape(PostgresCatalogue(connection), table, types, own, policy_of(slot.options, table))
        connection.execute(of_value("DELETE FROM {}", table, slot))
        with connection.cursor().copy(copy_in(table, types)) as copy:
            for data in _rows(content, columns, slot.partition):
                copy.write(data)
        self.reached("copied")

    def _put_record(self, opened: _Open, slot: Slot, record: Record) -> None:
        opened.connection.execute(
            statement(
                "INSERT INTO {} VALUES ({}, {}, {}, {}) ON CONFLICT (asset, partition) "
                "DO UPDATE SET data_version = excluded.data_version, record = excluded.record",
                (opened.table.schema, RECORDS),
                slot.asset,
                slot.partition or _UNPARTITIONED,
                record.data_version,
                record.to_json().decode(),
            )
        )

    def _select_records(self, slot: Slot, query: str, *values: str) -> list[str]:
        schema = self.table_of(slot).schema
        with self._sessions.transaction(slot.label, "read the record") as connection:
            if not postgres_tables.exists(connection, schema, RECORDS):
                return []
            found = connection.execute(statement(query, (schema, RECORDS), slot.asset, *values))
            return [row[0] for row in found.fetchall()]


def _portions(copy: Iterable[bytes]) -> Iterator[bytes]:
    """Rows, which come one by one, in larger portions."""
    waiting: list[bytes] = []
    size = 0
    for row in copy:
        waiting.append(row)
        size += len(row)
        if size >= PORTION:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _types(content: Content, columns: tuple[Column, ...]) -> dict[str, str]:
    """The columns of the table and their types."""
    if content.rows is None:
        return {VALUE: _FORMATS[str(content.format)]}
    return {column.name: column.sql for column in columns}


def _rows(content: Content, columns: tuple[Column, ...], partition: str | None) -> Iterator[bytes]:
    """The rows as CSV."""
    if content.rows is not None:
        for part in content.rows:
            yield from to_csv(part, columns, content.rows.count - part.num_rows, partition)
        return
    start = "0," if partition is None else f"0,{_quoted(partition)},"
    text = f"\\x{content.data.hex()}" if content.format == "bytes" else content.data.decode().rstrip("\n")
    yield f"{start}{_quoted(text)}\n".encode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _demand_key(slot: Slot) -> None:
    """Errors: StorageError for a partition's text that has no place in an indexed column."""
    if slot.partition is not None and len(slot.partition) > LONGEST_PARTITION:
        raise StorageError(
            f"{slot.asset}: Postgres cannot hold the partition key {slot.partition[:40]!r}...",
            help=f"keys have no more than {LONGEST_PARTITION} characters",
        )
