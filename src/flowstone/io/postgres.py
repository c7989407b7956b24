"""Tables in Postgres: data frames as rows, other values as JSON or bytes.

A value is written in the transaction that publishes it: ``stage`` deletes the old rows and copies the new ones, which
nobody else sees; ``publish`` adds the record and commits; ``discard``, a crash or a lost connection undo all of it.
Writers of one asset and partition take turns by an advisory lock, from ``stage`` on: stage and end one before the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, ValidationError

from flowstone.errors import DamagedError, NotMaterializedError, StorageError, UnsupportedTypeError
from flowstone.io import frames, json_values, postgres_tables
from flowstone.io.contract import IOManager, Options, Slot, Staged, Traits
from flowstone.io.file_manager import SMALL, content_of
from flowstone.io.frame_digest import FrameDigest
from flowstone.io.judge import json_refusal, refusal
from flowstone.io.postgres_columns import (
    PARTITION,
    ROW,
    Column,
    check_identifier,
    columns_of,
    from_csv,
    schema_of,
    schema_text,
    to_csv,
)
from flowstone.io.postgres_session import Sessions, faults
from flowstone.io.postgres_tables import RECORDS, SchemaChange, Table
from flowstone.io.record import Record
from flowstone.io.restore import restore
from flowstone.ir.types import TypeExpr

VALUE = "value"
"""The one column of a value that is no frame."""
LONGEST_PARTITION = 1_000
"""Characters of a partition's text: an index of Postgres holds no long ones."""

_UNPARTITIONED = ""
_ONE_RECORD = "SELECT record FROM {} WHERE asset = {} AND partition = {}"
_ALL_RECORDS = 'SELECT record FROM {} WHERE asset = {} ORDER BY partition COLLATE "C"'
_VALUES = {"json": "SELECT value::text FROM {}", "bytea": "SELECT value FROM {}"}
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


class PostgresOptions(Options):
    """Options of one asset in a ``postgres`` manager."""

    table: str | None = Field(default=None, min_length=1)
    """By default the asset's id, with ``__`` between its namespace and its name."""
    schema_: str | None = Field(default=None, alias="schema", min_length=1)
    """By default that of the manager."""
    on_schema_change: SchemaChange | None = None
    """What to do if the columns are others than before: ``fail``, ``append`` the new ones, or ``replace`` the table.
    By default ``fail`` for a partitioned asset, else ``replace``."""


@dataclass(slots=True)
class _Open:
    """A transaction between ``stage`` and ``publish``."""

    connection: Any
    table: Table


class PostgresManager(IOManager):
    """Stores each asset as a table in Postgres: a data frame as its rows, another value as JSON or bytes."""

    Config: ClassVar[type[Options]] = PostgresConfig
    AssetOptions: ClassVar[type[Options]] = PostgresOptions
    traits: ClassVar[Traits] = Traits(durable=True, shared=True, families=(frames.FORMS,))
    extra: ClassVar[str | None] = "postgres"
    steps: ClassVar[tuple[str, ...]] = ("locked", "copied", "recorded", "committed")
    config: PostgresConfig

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        super().__init__(name, config, project_root)
        self._sessions = Sessions(name, self.config.dsn, self.config.connect_timeout)
        self._migrated: set[str] = set()

    @classmethod
    def refuses(cls, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        return refusal(type, lambda member: _judge(member, loading=loading), loading=loading)

    @classmethod
    def location(cls, asset: str, options: Options, *, partitioned: bool) -> str | None:
        table = _table_name(asset, options)
        try:
            check_identifier(table, "table")
        except UnsupportedTypeError as error:
            raise ValueError(str(error)) from None
        schema = getattr(options, "schema_", None)
        return table if schema is None else f"{schema}.{table}"

    def stage(self, slot: Slot, value: Any) -> Staged:
        table = self._table(slot)
        content = _content(slot, value)
        with faults(self.name, slot.label, "write"):
            connection = self._connection(table.schema)
            try:
                self._write(connection, slot, table, content)
            except UnsupportedTypeError as error:
                self._sessions.give_back(connection)
                raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error
            except BaseException:
                self._sessions.give_back(connection)
                raise
        metadata = {**content.metadata, "table": table.label}
        return Staged(slot, content.data_version, content.size, metadata, _Open(connection, table))

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
        return None if not found else _parsed(slot.label, found[0])

    def records(self, slot: Slot) -> Iterator[Record]:
        for text in self._select_records(slot, _ALL_RECORDS):
            yield _parsed(slot.asset, text)

    def intact(self, slot: Slot, record: Record) -> bool:
        table = self._table(slot)
        if record.size <= SMALL:  # small values are the likeliest to be wrong at the right size
            try:
                self.load(slot, record, None)
            except UnsupportedTypeError:
                return True
            except (NotMaterializedError, DamagedError):
                return False
            return True
        rows = content_of(record).get("rows", 1)
        with self._sessions.transaction(slot.label, "look for the value") as connection:
            if not postgres_tables.columns(connection, table):
                return False
            found = connection.execute(_statement("SELECT count(*) FROM {}", table, slot))
            return bool(found.fetchone()[0] == rows)

    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        table = self._table(slot)
        content = content_of(record)
        self._check_type(slot, content, type)
        with self._sessions.transaction(slot.label, "read") as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            present = postgres_tables.columns(connection, table)
            if not present:
                raise NotMaterializedError(f"{slot.label}: there is no table {table.label}")
            if "form" in content:
                return self._load_frame(connection, slot, table, record, present, type)
            data = _load_value(connection, slot, table, record, present)
        return _value(slot, content, data, type)

    def delete(self, slot: Slot) -> bool:
        table = self._table(slot)
        with self._sessions.transaction(slot.label, "delete") as connection:
            self._migrate(connection, table.schema)
            postgres_tables.lock(connection, "value", slot.asset, slot.partition or _UNPARTITIONED)
            gone = connection.execute(
                _sql(
                    "DELETE FROM {} WHERE asset = {} AND partition = {}",
                    (table.schema, RECORDS),
                    slot.asset,
                    slot.partition or _UNPARTITIONED,
                )
            )
            if ROW in postgres_tables.columns(connection, table):
                connection.execute(_statement("DELETE FROM {}", table, slot))
            return bool(gone.rowcount)

    def _table(self, slot: Slot) -> Table:
        if slot.partition is not None:
            _demand_key(slot)
        name = _table_name(slot.asset, slot.options)
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

    def _write(self, connection: Any, slot: Slot, table: Table, content: _Content) -> None:
        postgres_tables.lock(connection, "value", slot.asset, slot.partition or _UNPARTITIONED)
        self.reached("locked")
        policy: SchemaChange = getattr(slot.options, "on_schema_change", None) or (
            "fail" if table.partitioned else "replace"
        )
        postgres_tables.shape(connection, table, content.types, policy)
        connection.execute(_statement("DELETE FROM {}", table, slot))
        own = [ROW, PARTITION] if table.partitioned else [ROW]
        names = _names([*own, *content.types])
        statement = _sql("COPY {} ({}) FROM STDIN (FORMAT csv)", (table.schema, table.name), names)
        with connection.cursor().copy(statement) as copy:
            for data in content.rows(slot.partition):
                copy.write(data)
        self.reached("copied")

    def _put_record(self, opened: _Open, slot: Slot, record: Record) -> None:
        opened.connection.execute(
            _sql(
                "INSERT INTO {} VALUES ({}, {}, {}, {}) ON CONFLICT (asset, partition) "
                "DO UPDATE SET data_version = excluded.data_version, record = excluded.record",
                (opened.table.schema, RECORDS),
                slot.asset,
                slot.partition or _UNPARTITIONED,
                record.data_version,
                record.model_dump_json(),
            )
        )

    def _select_records(self, slot: Slot, query: str, *values: str) -> list[str]:
        schema = self._table(slot).schema
        with self._sessions.transaction(slot.label, "read the record") as connection:
            if not postgres_tables.exists(connection, schema, RECORDS):
                return []
            statement = _sql(query, (schema, RECORDS), slot.asset, *values)
            return [row[0] for row in connection.execute(statement).fetchall()]

    def _check_type(self, slot: Slot, content: dict[str, Any], type: TypeExpr | None) -> None:
        if type is None:
            return
        reason = self.refuses(type, slot.options, loading=True)
        if reason is not None:
            raise UnsupportedTypeError(f"{slot.label}: {reason}")

    def _load_frame(
        self, connection: Any, slot: Slot, table: Table, record: Record, present: dict[str, str], type: TypeExpr | None
    ) -> Any:
        content = content_of(record)
        schema = schema_of(content["arrow"])
        columns = columns_of(schema)
        if any(present.get(column.name) != column.sql for column in columns):
            raise DamagedError(f"{slot.label}: the columns of {table.label} are not those of the record")
        found = from_csv(_copied(connection, table, slot, columns), columns).cast(schema)
        digest = FrameDigest(schema)
        digest.update(found)
        if digest.finish() != record.data_version:
            raise DamagedError(f"{slot.label}: the rows in {table.label} are not those of the record")
        try:
            return frames.from_table(found, frames.wanted_form(type, str(content["form"])))
        except UnsupportedTypeError as error:
            raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error


@dataclass(frozen=True, slots=True)
class _Content:
    """A value made ready to be written."""

    types: dict[str, str]
    """Columns and their types."""
    data_version: str
    size: int
    metadata: dict[str, Any]
    table: Any = None
    """The frame, or None for another value."""
    columns: tuple[Column, ...] = ()
    data: bytes = b""

    def rows(self, partition: str | None) -> Iterator[bytes]:
        """The rows as CSV."""
        if self.table is not None:
            yield from to_csv(self.table, self.columns, 0, partition)
            return
        start = "0," if partition is None else f"0,{_quoted(partition)},"
        text = f"\\x{self.data.hex()}" if self.types[VALUE] == "bytea" else self.data.decode().rstrip("\n")
        yield f"{start}{_quoted(text)}\n".encode()


def _content(slot: Slot, value: Any) -> _Content:
    """Errors: UnsupportedTypeError for a value that has no place in a table."""
    try:
        return _frame_content(value) if _is_frame(value) else _value_content(value)
    except UnsupportedTypeError as error:
        raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error


def _is_frame(value: Any) -> bool:
    try:
        frames.form_of(value)
    except UnsupportedTypeError:
        return False
    return True


def _frame_content(value: Any) -> _Content:
    table, form = frames.to_table(value)
    columns = columns_of(table.schema)
    digest = FrameDigest(table.schema)
    digest.update(table)
    data_version = digest.finish()
    metadata = {
        "form": form,
        "rows": table.num_rows,
        "columns": table.num_columns,
        "schema": {field.name: str(field.type) for field in table.schema},
        "arrow": schema_text(table.schema),
    }
    types = {column.name: column.sql for column in columns}
    return _Content(types, data_version, digest.size, metadata, table, columns)


def _value_content(value: Any) -> _Content:
    if type(value) is bytes:
        form, data, column = "bytes", value, "bytea"
    else:
        try:
            form, data, column = "json", json_values.dumps(value), "json"
        except json_values.NotJsonError as error:
            raise UnsupportedTypeError(
                f"it cannot be stored as JSON: {error}", help="store a data frame, plain values, or dataclasses"
            ) from error
    version = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return _Content({VALUE: column}, version, len(data), {"format": form}, data=data)


def _load_value(connection: Any, slot: Slot, table: Table, record: Record, present: dict[str, str]) -> bytes:
    """The bytes of a value that is no frame. Errors: NotMaterializedError, DamagedError."""
    kind = _FORMATS.get(str(content_of(record).get("format")))
    if kind is None or present.get(VALUE) != kind:
        raise DamagedError(f"{slot.label}: the columns of {table.label} are not those of the record")
    rows = connection.execute(_statement(_VALUES[kind], table, slot)).fetchall()
    if not rows:
        raise NotMaterializedError(f"{slot.label}: the value is gone from {table.label}")
    found = rows[0][0]
    data = b"" if found is None else f"{found}\n".encode() if kind == "json" else bytes(found)
    if len(rows) > 1 or f"sha256:{hashlib.sha256(data).hexdigest()}" != record.data_version:
        raise DamagedError(f"{slot.label}: the value in {table.label} is not that of its record")
    return data


def _value(slot: Slot, content: dict[str, Any], data: bytes, type: TypeExpr | None) -> Any:
    if content.get("format") == "bytes":
        return data
    try:
        return restore(json_values.loads(data), type)
    except UnsupportedTypeError as error:
        raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error


def _copied(connection: Any, table: Table, slot: Slot, columns: tuple[Column, ...]) -> bytes:
    """The rows of a value in their order, as CSV."""
    from psycopg import sql

    row = sql.Identifier(ROW)
    selected = [row, *(sql.SQL(item.selected).format(sql.Identifier(item.name)) for item in columns)]
    rows = sql.SQL("SELECT {} FROM ").format(sql.SQL(", ").join(selected)) + _statement("{}", table, slot)
    statement = sql.SQL("COPY ({} ORDER BY {}) TO STDOUT (FORMAT csv)").format(rows, row)
    with connection.cursor().copy(statement) as copy:
        return b"".join(copy)


def _statement(text: str, table: Table, slot: Slot) -> Any:
    """A statement on the rows of one value."""
    statement = _sql(text, (table.schema, table.name))
    if not table.partitioned:
        return statement
    assert slot.partition is not None
    return statement + _sql(" WHERE {} = {}", (PARTITION,), slot.partition)


def _sql(text: str, *parts: Any) -> Any:
    """A statement with identifiers (tuples of names), literals (texts) and composed parts in the places of ``{}``.

    Values are literals that the driver writes, not parameters: with those it would look for ``%`` in the names, too.
    """
    from psycopg import sql

    return sql.SQL(text).format(*map(_part, parts))


def _part(part: Any) -> Any:
    from psycopg import sql

    if isinstance(part, tuple):
        return sql.Identifier(*part)
    return sql.Literal(part) if isinstance(part, str) else part


def _names(names: list[str]) -> Any:
    from psycopg import sql

    return sql.SQL(", ").join(sql.Identifier(name) for name in names)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _parsed(label: str, text: str) -> Record:
    try:
        return Record.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise DamagedError(f"{label}: the record cannot be read: {first}") from None


def _demand_key(slot: Slot) -> None:
    """Errors: StorageError for a partition's text that has no place in an indexed column."""
    text = slot.partition or ""
    if not text or "\0" in text or len(text) > LONGEST_PARTITION:
        raise StorageError(
            f"{slot.asset}: Postgres cannot hold the partition key {text[:40]!r}",
            help=f"keys have 1 to {LONGEST_PARTITION} characters, none of them NUL",
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise StorageError(f"{slot.asset}: the partition key {text[:40]!r} is not Unicode text") from None


def _table_name(asset: str, options: Options) -> str:
    return getattr(options, "table", None) or asset.replace(".", "__")


def _judge(type: TypeExpr, *, loading: bool) -> str | None:
    if frames.ALIASES.get(type.name, type.name) in frames.FORMS:
        return None
    return json_refusal(type, loading=loading, file=False)
