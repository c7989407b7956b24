"""Statements for Postgres, composed by its driver: identifiers and values never become text of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowstone.io.contract import Slot
from flowstone.io.postgres_columns import Column
from flowstone.io.table_shape import Table
from flowstone.io.table_values import PARTITION, ROW


def statement(text: str, *parts: Any) -> Any:
    """A statement with identifiers (tuples of names), literals (texts) and composed parts in the places of ``{}``.

    Values are literals that the driver writes, not parameters: with those it would look for ``%`` in the names, too.
    """
    from psycopg import sql

    return sql.SQL(text).format(*map(_part, parts))


def of_value(text: str, table: Table, slot: Slot) -> Any:
    """A statement on the rows of one value, the table in the place of ``{}``."""
    found = statement(text, (table.schema, table.name))
    if not table.partitioned:
        return found
    assert slot.partition is not None
    return found + statement(" WHERE {} = {}", (PARTITION,), slot.partition)


def copy_in(table: Table, columns: Iterable[str]) -> Any:
    """What takes the rows of a value as CSV: the row's number, the partition if there is one, then the columns."""
    own = [ROW, PARTITION] if table.partitioned else [ROW]
    names = joined([(name,) for name in (*own, *columns)])
    return statement("COPY {} ({}) FROM STDIN (FORMAT csv)", (table.schema, table.name), names)


def copy_out(table: Table, slot: Slot, columns: Iterable[Column]) -> Any:
    """What gives the rows of a value in their order as CSV: the row's number, then the columns."""
    selected = joined([(ROW,), *(statement(column.selected, (column.name,)) for column in columns)])
    rows = statement("SELECT {} FROM ", selected) + of_value("{}", table, slot)
    return statement("COPY ({} ORDER BY {}) TO STDOUT (FORMAT csv)", rows, (ROW,))


def joined(parts: list[Any]) -> Any:
    """Parts with commas between them."""
    from psycopg import sql

    return sql.SQL(", ").join(map(_part, parts))


def _part(part: Any) -> Any:
    from psycopg import sql

    if isinstance(part, tuple):
        return sql.Identifier(*part)
    return sql.Literal(part) if isinstance(part, str) else part
