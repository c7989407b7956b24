"""The tables in Postgres: FlowStone's own, which it creates and migrates, and one for each asset.

Every statement is composed by the driver: identifiers and values never become text of ours.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from flowstone.errors import StorageError
from flowstone.io.table_values import PARTITION, ROW

RECORDS = "flowstone_records"
VERSION = "flowstone_version"

SchemaChange = Literal["fail", "append", "replace"]

_FIRST = """\
CREATE TABLE {records} (
    asset text NOT NULL,
    partition text NOT NULL,
    data_version text NOT NULL,
    record text NOT NULL,
    PRIMARY KEY (asset, partition)
)"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""What leads from each version of FlowStone's own tables to the next; each once, in order, in one transaction."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table of one asset."""

    schema: str
    name: str
    asset: str
    partitioned: bool

    @property
    def label(self) -> str:
        return f"{self.schema}.{self.name}"


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
    from psycopg import sql

    names = {"version": sql.Identifier(schema, VERSION), "records": sql.Identifier(schema, RECORDS)}
    lock(connection, "schema", schema)
    if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone():
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    version = 0
    if exists(connection, schema, VERSION):
        version = connection.execute(sql.SQL("SELECT max(version) FROM {version}").format(**names)).fetchone()[0] or 0
    else:
        connection.execute(sql.SQL("CREATE TABLE {version} (version integer NOT NULL)").format(**names))
    if version > len(MIGRATIONS):
        raise StorageError(
            f"the schema {schema!r} was written by a newer FlowStone (version {version} of its tables, "
            f"this one knows {len(MIGRATIONS)})",
            help="upgrade FlowStone here",
        )
    for number, statement in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.execute(sql.SQL(statement).format(**names))
        connection.execute(sql.SQL("INSERT INTO {version} VALUES ({number})").format(**names, number=number))


def exists(connection: Any, schema: str, name: str) -> bool:
    """Whether there is a table, view or the like of that name."""
    found = connection.execute(
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = %s AND relname = %s",
        (schema, name),
    )
    return found.fetchone() is not None


def columns(connection: Any, table: Table) -> dict[str, str]:
    """The columns of a table and their types, in order; none if there is no such table."""
    found = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE nspname = %s AND relname = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (table.schema, table.name),
    )
    return dict(found.fetchall())


def shape(connection: Any, table: Table, wanted: dict[str, str], policy: SchemaChange) -> None:
    """Make the table one that can take these columns (beside FlowStone's own).

    Errors: StorageError if it belongs to somebody else, or if the policy forbids the change.
    """
    own = {ROW: "bigint", **({PARTITION: "text"} if table.partitioned else {})}
    present = columns(connection, table)
    if not present:
        lock(connection, "table", table.schema, table.name)  # the first partitions may come at once
        present = columns(connection, table)
    if not present:
        _create(connection, table, own | wanted)
        return
    _demand_ours(connection, table, present)
    if present == own | wanted:
        return
    lock(connection, "table", table.schema, table.name)  # two writers may see the same difference
    present = columns(connection, table)
    held = {name: kind for name, kind in present.items() if name not in (ROW, PARTITION)}
    if (PARTITION in present) == table.partitioned and held == wanted:
        return
    if policy == "replace":
        _demand_replaceable(connection, table)
        _drop(connection, table)
        _create(connection, table, own | wanted)
    elif policy == "append" and (PARTITION in present) == table.partitioned:
        _append(connection, table, held, wanted)
    else:
        raise StorageError(_difference(table, held, wanted), help=_POLICY_HELP)


_POLICY_HELP = (
    'allow the change with on_schema_change="append" (new columns are added) or "replace" (the table is made anew), '
    "or drop the table"
)


def _create(connection: Any, table: Table, wanted: dict[str, str]) -> None:
    from psycopg import sql

    name = sql.Identifier(table.schema, table.name)
    parts = [sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind)) for column, kind in wanted.items()]
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name, sql.SQL(", ").join(parts)))
    if table.partitioned:
        connection.execute(sql.SQL("CREATE INDEX ON {} ({})").format(name, sql.Identifier(PARTITION)))
    comment = sql.Literal(f"FlowStone asset {table.asset}")
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(name, comment))


def _drop(connection: Any, table: Table) -> None:
    from psycopg import sql

    connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(table.schema, table.name)))


def _append(connection: Any, table: Table, held: dict[str, str], wanted: dict[str, str]) -> None:
    """Add the columns that are new; those that are gone stay, and are empty in what is stored from now on."""
    from psycopg import sql

    if any(held[name] != kind for name, kind in wanted.items() if name in held):
        raise StorageError(_difference(table, held, wanted), help=_POLICY_HELP)
    for name in wanted.keys() - held:
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD COLUMN {} {}").format(
                sql.Identifier(table.schema, table.name),
                sql.Identifier(name),
                sql.SQL(wanted[name]),
            )
        )


def _demand_ours(connection: Any, table: Table, present: dict[str, str]) -> None:
    comment = connection.execute(
        "SELECT obj_description(c.oid, 'pg_class') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE nspname = %s AND relname = %s",
        (table.schema, table.name),
    ).fetchone()[0]
    if ROW not in present or comment != f"FlowStone asset {table.asset}":
        whose = comment if ROW in present and comment else "not made by FlowStone"
        raise StorageError(
            f"the table {table.label} exists already and is not that of {table.asset!r} ({whose})",
            help="choose another table= or schema=, or rename the table that is there",
        )


def _demand_replaceable(connection: Any, table: Table) -> None:
    """A table is not made anew while it holds other partitions than one."""
    from psycopg import sql

    if not table.partitioned or PARTITION not in columns(connection, table):
        return
    query = sql.SQL("SELECT count(DISTINCT {}) FROM {}")
    found = connection.execute(query.format(sql.Identifier(PARTITION), sql.Identifier(table.schema, table.name)))
    count = found.fetchone()[0]
    if count > 1:
        raise StorageError(
            f"the columns of {table.asset!r} have changed, and {table.label} holds {count} partitions",
            help='use on_schema_change="append", or drop the table and make all partitions again',
        )


def _difference(table: Table, held: dict[str, str], wanted: dict[str, str]) -> str:
    facts = [f"{name!r} is new" for name in wanted.keys() - held]
    facts += [f"{name!r} is gone" for name in held.keys() - wanted]
    facts += [
        f"{name!r} is {wanted[name]} and was {held[name]}"
        for name in wanted
        if held.get(name, wanted[name]) != wanted[name]
    ]
    what = "; ".join(sorted(facts)) or "their order, or whether it is partitioned, is another"
    return f"the columns of {table.asset!r} do not fit the table {table.label}: {what}"
