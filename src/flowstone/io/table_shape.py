"""Whether a table can take the columns of a value, and what is done if it cannot: the same in every database."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct
from pydantic import Field

from flowstone.errors import StorageError
from flowstone.io.contract import Options
from flowstone.io.schema_change import SchemaChange
from flowstone.io.table_values import PARTITION, ROW

_HELP = (
    'allow the change with on_schema_change="append" (new columns are added) or "replace" (the table is made anew), '
    "or drop the table"
)


class TableOptions(Options):
    """Options of one asset that is a table."""

    table: str | None = Field(default=None, min_length=1)
    """By default the asset's id, with ``__`` between its namespace and its name."""
    schema_: str | None = Field(default=None, alias="schema", min_length=1)
    """By default that of the manager."""
    on_schema_change: SchemaChange | None = None
    """What to do if the columns are others than before: ``fail``, ``append`` the new ones, or ``replace`` the table.
    By default ``fail`` for a partitioned asset, else ``replace``."""


class Table(Struct, frozen=True):
    """The table of one asset."""

    schema: str
    name: str
    asset: str
    partitioned: bool

    @property
    def label(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def comment(self) -> str:
        """What says in the database whose table it is."""
        return f"FlowStone asset {self.asset}"


class Catalogue(Protocol):
    """What is asked of a database, in an open transaction."""

    def columns(self, table: Table) -> dict[str, str]:
        """The columns of a table and their types, in order; none if there is no such table."""

    def comment(self, table: Table) -> str | None:
        """The comment on a table."""

    def partitions(self, table: Table) -> int:
        """How many partitions a partitioned table holds."""

    def lock(self, table: Table) -> None:
        """Wait until nobody else changes the table's columns."""

    def create(self, table: Table, columns: dict[str, str]) -> None:
        """Make a table, with its comment."""

    def drop(self, table: Table) -> None:
        """Remove a table."""

    def add(self, table: Table, column: str, kind: str) -> None:
        """Add a column."""


def shape(
    catalogue: Catalogue, table: Table, wanted: dict[str, str], own: dict[str, str], policy: SchemaChange
) -> None:
    """Make the table one that can take the wanted columns beside FlowStone's own.

    Errors: StorageError if it belongs to somebody else, or if the policy forbids the change.
    """
    present = catalogue.columns(table)
    if not present:
        catalogue.lock(table)  # the first partitions may come at once
        present = catalogue.columns(table)
    if not present:
        catalogue.create(table, own | wanted)
        return
    _demand_ours(catalogue, table, present)
    if present == own | wanted:
        return
    catalogue.lock(table)  # two writers may see the same difference
    present = catalogue.columns(table)
    held = {name: kind for name, kind in present.items() if name not in (ROW, PARTITION)}
    alike = (PARTITION in present) == table.partitioned
    if alike and held == wanted:
        return
    if policy == "replace":
        _demand_replaceable(catalogue, table, present)
        catalogue.drop(table)
        catalogue.create(table, own | wanted)
    elif policy == "append" and alike and all(held.get(name, kind) == kind for name, kind in wanted.items()):
        for name in wanted:
            if name not in held:
                catalogue.add(table, name, wanted[name])
    else:
        raise StorageError(_difference(table, held, wanted), help=_HELP)


def policy_of(options: object, table: Table) -> SchemaChange:
    """The option ``on_schema_change``, by default ``fail`` for a partitioned asset, else ``replace``."""
    chosen: SchemaChange | None = getattr(options, "on_schema_change", None)
    return chosen or ("fail" if table.partitioned else "replace")


def is_of(catalogue: Catalogue, table: Table) -> bool:
    """Whether there is such a table, made for this asset, partitioned as this is now."""
    present = catalogue.columns(table)
    ours = ROW in present and catalogue.comment(table) == table.comment
    return ours and (PARTITION in present) == table.partitioned


def _demand_ours(catalogue: Catalogue, table: Table, present: dict[str, str]) -> None:
    comment = catalogue.comment(table)
    if ROW not in present or comment != table.comment:
        whose = comment if ROW in present and comment else "not made by FlowStone"
        raise StorageError(
            f"the table {table.label} exists already and is not that of {table.asset!r} ({whose})",
            help="choose another table= or schema=, or rename the table that is there",
        )


def _demand_replaceable(catalogue: Catalogue, table: Table, present: dict[str, str]) -> None:
    """A table is not made anew while it holds other partitions than one."""
    count = catalogue.partitions(table) if PARTITION in present else 0
    if count > 1 or (count == 1 and not table.partitioned):
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
    what = "; ".join(sorted(facts)) or "whether it is partitioned is another"
    return f"the columns of {table.asset!r} do not fit the table {table.label}: {what}"
