"""The tables in Postgres: FlowStone's own, which it creates and migrates, and one for each asset.

Every statement is composed by the driver: identifiers and values never become text of ours.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from flowstone.errors import StorageError
from flowstone.io.postgres_sql import joined, statement
from flowstone.io.table_shape import Table
from flowstone.io.table_values import PARTITION

RECORDS = "flowstone_records"
VERSION = "flowstone_version"

_FIRST = """\
CREATE TABLE {} (
    asset text NOT NULL,
    partition text NOT NULL,
    data_version text NOT NULL,
    record text NOT NULL,
    PRIMARY KEY (asset, partition)
)"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""What leads from each version of FlowStone's own tables to the next; each once, in order, in one transaction."""


def lock_key(*parts: str) -> int:
    """The number of an advisory lock: 64 bits of a hash, with the sign that Postgres wants."""
    digest = hashlib.sha256("\0".join(("flowstone", *parts)).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def lock(connection: Any, *parts: str) -> None:
    """Wait for a lock that the end of the transaction, or of the connection, releases."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key(*parts),))


def migrate(connection: Any, schema: str) -> None:
    """Bring FlowStone's own tables in a schema to the version of this release. The caller commits.

    Errors: StorageError if a newer release has been here.
    """
    version_table, records = (schema, VERSION), (schema, RECORDS)
    lock(connection, "schema", schema)
    if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone():
        connection.execute(statement("CREATE SCHEMA {}", (schema,)))
    version = 0
    if exists(connection, schema, VERSION):
        version = connection.execute(statement("SELECT max(version) FROM {}", version_table)).fetchone()[0] or 0
    else:
        connection.execute(statement("CREATE TABLE {} (version integer NOT NULL)", version_table))
    if version > len(MIGRATIONS):
        raise StorageError(
            f"the schema {schema!r} was written by a newer FlowStone (version {version} of its tables, "
            f"this one knows {len(MIGRATIONS)})",
            help="upgrade FlowStone here",
        )
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.execute(statement(step, records))
        connection.execute(statement("INSERT INTO {} VALUES ({})", version_table, statement(str(number))))


def exists(connection: Any, schema: str, name: str) -> bool:
    """Whether there is a table, view or the like of that name."""
    found = connection.execute(
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = %s AND relname = %s",
        (schema, name),
    )
    return found.fetchone() is not None


@dataclass(frozen=True, slots=True)
class PostgresCatalogue:
    """What ``shape`` asks of Postgres."""

    connection: Any

    def columns(self, table: Table) -> dict[str, str]:
        found = self.connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute a "
            "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE nspname = %s AND relname = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            (table.schema, table.name),
        )
        return dict(found.fetchall())

    def comment(self, table: Table) -> str | None:
        found = self.connection.execute(
            "SELECT obj_description(c.oid, 'pg_class') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE nspname = %s AND relname = %s",
            (table.schema, table.name),
        )
        comment: str | None = found.fetchone()[0]
        return comment

    def partitions(self, table: Table) -> int:
        count = statement("SELECT count(DISTINCT {}) FROM {}", (PARTITION,), (table.schema, table.name))
        return int(self.connection.execute(count).fetchone()[0])

    def lock(self, table: Table) -> None:
        lock(self.connection, "table", table.schema, table.name)

    def create(self, table: Table, columns: dict[str, str]) -> None:
        name = (table.schema, table.name)
        parts = [statement("{} {}", (column,), statement(kind)) for column, kind in columns.items()]
        self.connection.execute(statement("CREATE TABLE {} ({})", name, joined(parts)))
        if PARTITION in columns:
            self.connection.execute(statement("CREATE INDEX ON {} ({})", name, (PARTITION,)))
        self.connection.execute(statement("COMMENT ON TABLE {} IS {}", name, table.comment))

    def drop(self, table: Table) -> None:
        self.connection.execute(statement("DROP TABLE {}", (table.schema, table.name)))

    def add(self, table: Table, column: str, kind: str) -> None:
        name = (table.schema, table.name)
        self.connection.execute(statement("ALTER TABLE {} ADD COLUMN {} {}", name, (column,), statement(kind)))
