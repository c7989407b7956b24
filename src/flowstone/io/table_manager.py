"""What the managers that keep tables share: how a value is looked for, read and judged."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from flowstone.config.environment import state_folder
from flowstone.config.schema import is_unicode
from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io import table_values
from flowstone.io.contract import SMALL, IOManager, Options, Slot
from flowstone.io.judge import NO_OBJECTS
from flowstone.io.record import Record, content_of
from flowstone.io.table_shape import Table
from flowstone.io.table_values import VALUE
from flowstone.io.together import load_together
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
    def demand_columns(self, table: Table, slot: Slot, schema: Any, present: dict[str, str]) -> None:
        """Errors: DamagedError if the columns that are present are not those of a frame."""

    @abstractmethod
    def frame(self, table: Table, slot: Slot, schema: Any, width: int) -> Iterator[Any]:
        """The value's rows, in portions, as Arrow tables with the schema that was stored.

        ``width`` is about how many bytes a row has. Errors: DamagedError.
        """


class TableManager(IOManager):
    """Base of the managers that store each asset as a table."""

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        super().__init__(name, config, project_root)
        self.spools = state_folder(project_root, os.environ) / "cache" / "streams"
        """Folder of the files, without names, in which streams wait."""

    @classmethod
    def refuses(cls, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        return table_values.refuses(type, loading=loading)

    @classmethod
    def refuses_objects(cls, options: Options) -> str | None:
        return f"they are no tables, and {NO_OBJECTS}"

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
        with suppress(DamagedError), self.reading(slot, "look for the value") as rows:
            if rows is None or not rows.columns(table):
                return False
            return bool(rows.count(table, slot) == content_of(record).get("rows", 1))
        return False

    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        table_values.demand_loadable(slot, type)
        schema = table_values.frame_schema(record)
        with self._found(slot) as (rows, table, present):
            if schema is None:
                data = _plain(rows, slot, table, record, present)
            else:
                rows.demand_columns(table, slot, schema, present)
                parts = rows.frame(table, slot, schema, width_of(record))
                make = table_values.receive(slot, record, schema, parts, type, self.spools)
        return table_values.load_plain(slot, record, data, type) if schema is None else make()

    def together(self, values: Sequence[tuple[Slot, Record]], type: TypeExpr | None) -> Iterator[Any]:
        return load_together(self, values, type, lambda _, record: table_values.frame_schema(record))

    def verify(self, slot: Slot, record: Record) -> None:
        schema = table_values.frame_schema(record)
        if schema is None:
            super().verify(slot, record)
            return
        with self._found(slot) as (rows, table, present):
            rows.demand_columns(table, slot, schema, present)
            table_values.demand_frame(slot, record, schema, rows.frame(table, slot, schema, width_of(record)))

    @contextmanager
    def _found(self, slot: Slot) -> Iterator[tuple[Rows, Table, dict[str, str]]]:
        """What reads the database, the table of a value, and its columns. Errors: NotMaterializedError."""
        table = self.table_of(slot)
        with self.reading(slot, "read") as rows:
            present = {} if rows is None else rows.columns(table)
            if rows is None or not present:
                raise NotMaterializedError(f"{slot.label}: there is no table {table.label}")
            yield rows, table, present


def width_of(record: Record) -> int:
    """About how many bytes a row of a frame has."""
    return record.size // max(1, int(content_of(record).get("rows", 1))) + 1


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
