"""What the managers that keep tables share: how a value is looked for, read and judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from flowstone.config.schema import is_unicode
from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io import table_values
from flowstone.io.contract import SMALL, IOManager, Options, Slot
from flowstone.io.record import Record, content_of
from flowstone.io.table_shape import Table
from flowstone.io.table_values import VALUE
from flowstone.ir.types import TypeExpr


class Rows(ABC):
    """What is asked of a database to read a value, in an open transaction."""

    kinds: ClassVar[Mapping[str, str]]
    """The type of the column that holds ``json``, and of that which holds ``bytes``."""

    @abstractmethod
    def columns(self, table: Table) -> dict[str, str]:
        """The columns of a table and their types; none if there is no such table."""

    @abstractmethod
    def count(self, table: Table, slot: Slot) -> int:
        """How many rows the value has."""

    @abstractmethod
    def values(self, table: Table, slot: Slot, format: str) -> list[bytes | None]:
        """What the value's rows hold in the column of a value that is no frame: JSON as it was written, or bytes."""

    @abstractmethod
    def frame(self, table: Table, slot: Slot, schema: Any, present: dict[str, str]) -> Any:
        """The value's rows as the Arrow table that was stored. Errors: DamagedError."""


class TableManager(IOManager):
    """Base of the managers that store each asset as a table."""

    @classmethod
    def refuses(cls, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        return table_values.refuses(type, loading=loading)

    @abstractmethod
    def table_of(self, slot: Slot) -> Table:
        """The table of an asset. Errors: StorageError, UnsupportedTypeError for names that cannot be."""

    @abstractmethod
    def reading(self, slot: Slot, doing: str) -> AbstractContextManager[Rows | None]:
        """One look at the database; None if there is none yet. Errors: StorageError."""

    def intact(self, slot: Slot, record: Record) -> bool:
        if record.size <= SMALL:
            return table_values.holds(lambda: self.load(slot, record, None))
        table = self.table_of(slot)
        with self.reading(slot, "look for the value") as rows:
            if rows is None or not rows.columns(table):
                return False
            return bool(rows.count(table, slot) == content_of(record).get("rows", 1))

    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        table = self.table_of(slot)
        table_values.demand_loadable(slot, type)
        schema = table_values.frame_schema(record)
        with self.reading(slot, "read") as rows:
            present = {} if rows is None else rows.columns(table)
            if rows is None or not present:
                raise NotMaterializedError(f"{slot.label}: there is no table {table.label}")
            if schema is None:
                data = _plain(rows, slot, table, record, present)
            else:
                found = rows.frame(table, slot, schema, present)
        if schema is None:
            return table_values.load_plain(slot, record, data, type)
        return table_values.load_frame(slot, record, found, type)


def demand_text(slot: Slot) -> None:
    """Errors: StorageError for the name of an asset, or a partition's key, that no database takes as a text."""
    for text, what in ((slot.asset, "the asset's name"), (slot.partition, "the partition key")):
        if text is not None and (not text or "\0" in text or not is_unicode(text)):
            raise StorageError(f"{slot.asset!r}: {what} {text[:40]!r} is empty, holds NUL or is not Unicode text")


def _plain(rows: Rows, slot: Slot, table: Table, record: Record, present: dict[str, str]) -> bytes:
    """The bytes of a value that is no frame. Errors: NotMaterializedError, DamagedError."""
    form = str(content_of(record).get("format"))
    if form not in rows.kinds or present.get(VALUE) != rows.kinds[form]:
        raise DamagedError(f"{slot.label}: the columns of {table.label} are not those of the record")
    found = rows.values(table, slot, form)
    if not found:
        raise NotMaterializedError(f"{slot.label}: the value is gone from {table.label}")
    if len(found) > 1 or found[0] is None:
        raise DamagedError(f"{slot.label}: the rows in {table.label} are not those of the record")
    return found[0]
