"""Data frames as parquet files: polars, pandas and pyarrow tables and record batches, each loadable as any other.

Batches are written as they come, a row group at a time, and read from the file after the whole of it was verified.
Frames go through Arrow: polars shares its buffers with it except for texts, pandas for columns of numbers without
gaps. Loading verifies the whole file first, so a ``polars.LazyFrame`` is lazy over data in memory. Written by
``pyarrow`` with fixed settings and without times, so that one frame gives one sequence of bytes. What only pandas
knows (a named index, nullable types) is kept beside the columns, and only where there is some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from flowstone.errors import DamagedError, MissingExtraError, NotMaterializedError, UnsupportedTypeError
from flowstone.io import frames
from flowstone.io.agreement import Agreement, Before, common_columns
from flowstone.io.contract import Options, Slot, Staged, Traits
from flowstone.io.file_manager import Content, FileConfig, FileManager, FileOptions
from flowstone.io.judge import FRAME_PACKAGES, KNOWN, refusal
from flowstone.io.parquet_encoding import dictionary_columns
from flowstone.io.paths import location, schema_place
from flowstone.io.record import Record, content_of
from flowstone.io.spool import OpenFile
from flowstone.io.store import Draft
from flowstone.io.streams import pieces, slices
from flowstone.io.table_shape import SchemaChange
from flowstone.io.widening import fitted
from flowstone.ir.types import TypeExpr

Compression = Literal["zstd", "snappy", "gzip", "lz4", "brotli", "none"]

ZSTD_LEVEL = 3
ROW_GROUP = 1 << 20
GROUP_BYTES = 32 << 20
"""A row group ends once its rows have so many bytes in memory, so that writers and readers of streams need no more."""
LEVELS = {"zstd": (1, 22), "gzip": (1, 9), "brotli": (0, 11)}
"""Lowest and highest level of the methods that have levels."""


Guard = Callable[[], AbstractContextManager[None]]


class ParquetConfig(FileConfig):
    """Configuration of a ``parquet`` manager."""

    compression: Compression = "zstd"
    compression_level: int | None = None
    """By default that of the method; 3 for zstd."""

    @model_validator(mode="after")
    def _level_fits(self) -> Self:
        low, high = LEVELS.get(self.compression, (0, 0))
        if self.compression_level is not None and not low <= self.compression_level <= high != 0:
            span = f"are {low} to {high}" if high else "do not exist"
            raise ValueError(f"compression_level {self.compression_level}: levels of {self.compression} {span}")
        return self


class ParquetOptions(FileOptions):
    """Options of one asset in a ``parquet`` manager."""

    compression: Compression | None = None
    """By default that of the manager."""
    row_group_size: int = Field(default=ROW_GROUP, gt=0)
    """Rows in a row group, at most: one of wide rows ends once it has 32 MB."""
    on_schema_change: SchemaChange | None = None
    """What to do if the columns are others than before: ``fail``, ``append`` new ones and widen types, or ``replace``
    them, which a partitioned asset can only while no other partition is stored. By default ``fail`` for a partitioned
    asset, else ``replace``."""


class ParquetManager(FileManager):
    """Stores each data frame as one parquet file."""

    Config: ClassVar[type[Options]] = ParquetConfig
    AssetOptions: ClassVar[type[Options]] = ParquetOptions
    traits: ClassVar[Traits] = Traits(durable=True, shared=None, families=(frames.FORMS,))
    extra: ClassVar[str | None] = "parquet"
    default_extension: ClassVar[str] = ".parquet"
    config: ParquetConfig

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        super().__init__(name, config, project_root)
        self._agreement = Agreement(self.store, Before(self.partitions, self._texts, self._columns))

    @classmethod
    def refuses(cls, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        return refusal(type, _judge, loading=loading)

    @classmethod
    def location(cls, asset: str, options: Options, *, partitioned: bool) -> str | None:
        return location(asset, getattr(options, "path", None), cls.default_extension, partitioned=partitioned)

    def prepare(self, slot: Slot, value: Any) -> Content:
        self._demand_pyarrow()
        rows = getattr(slot.options, "row_group_size", ROW_GROUP)
        try:
            if frames.form_of(value) in frames.STREAMED:
                stream, form = frames.to_stream(value)
                with self._noting(slot):
                    self._agreement.demand(slot, stream.schema)  # before hours of work, not after them
                parts = pieces(stream, stream.schema, rows, GROUP_BYTES)
                return self._content(slot, stream.schema, parts, form, stream.passing_through)
            table, form = frames.to_table(value)
            return self._content(slot, table.schema, slices(table, rows, GROUP_BYTES), form)
        except UnsupportedTypeError as error:
            raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error

    def _content(
        self, slot: Slot, schema: Any, groups: Iterator[Any], form: str, guard: Guard = nullcontext
    ) -> Content:
        facts = {
            "form": form,
            "rows": 0,
            "columns": len(schema),
            "schema": {field.name: str(field.type) for field in schema},
        }

        def counted() -> Iterator[Any]:
            for group in groups:
                facts["rows"] += group.num_rows
                yield group

        write = partial(self._write, slot, schema, counted())
        return Content(self.default_extension, facts, write, guard)

    def publish(self, staged: Staged, record: Record) -> None:
        texts, slot = dict(staged.metadata["schema"]), staged.slot
        with self._noting(slot), self._agreement.kept(slot, texts, lambda: _schema(staged.handle[0].reader())):
            super().publish(staged, record)

    def _noting(self, slot: Slot) -> AbstractContextManager[None]:
        return self._faults(slot.label, "note the columns in", schema_place(slot))

    def _texts(self, slot: Slot) -> dict[str, str] | None:
        try:
            record = self.record(slot)
        except DamagedError:
            return None
        return None if record is None else content_of(record).get("schema")

    def _columns(self, slot: Slot) -> Any:
        """The columns of a stored value; None if there is none that can be read."""
        try:
            record = self.record(slot)
            return None if record is None else self._schema_of(slot, record)
        except (DamagedError, NotMaterializedError):
            return None

    def _schema_of(self, slot: Slot, record: Record) -> Any:
        """The columns of a stored value. Errors: NotMaterializedError, DamagedError."""
        return _schema(self._verified(slot, record, self.store.open_verified))

    def together(self, values: Sequence[tuple[Slot, Record]], type: TypeExpr | None) -> Iterator[Any]:
        self._demand_pyarrow()
        schema = common_columns(values, self._schema_of)
        for slot, record in values:
            yield self._load(slot, record, type, schema)

    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        self._demand_pyarrow()
        return self._load(slot, record, type, None)

    def _load(self, slot: Slot, record: Record, type: TypeExpr | None, schema: Any) -> Any:
        form = self._wanted(slot, record, type)
        return self._read(slot, self._verified(slot, record, self.store.open_verified).to_arrow(), form, schema)

    def load_staged(self, staged: Staged, type: TypeExpr | None) -> Any:
        draft, place = staged.handle
        form = _form(staged.slot, str(staged.metadata["form"]), type)
        with self._faults(staged.slot.label, "read", place):
            return self._read(staged.slot, draft.reader().to_arrow(), form)

    def _read(self, slot: Slot, file: Any, form: str, schema: Any = None) -> Any:
        """The value of a file, with the columns of a schema if there is one."""
        import pyarrow.parquet as pq

        found = pq.ParquetFile(file, pre_buffer=form not in frames.STREAMED)
        try:
            if form in frames.STREAMED:
                batches = found.iter_batches(frames.BATCH_ROWS)
                if schema is None:
                    return frames.from_batches(found.schema_arrow, batches, form)
                wide = schema.with_metadata(found.schema_arrow.metadata)
                return frames.from_batches(wide, (fitted(batch, schema) for batch in batches), form)
            table = found.read()
            return frames.from_table(table if schema is None else fitted(table, schema), form)
        except UnsupportedTypeError as error:
            raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error

    def restore(self, slot: Slot, record: Record, data: bytes, type: TypeExpr | None) -> Any:
        import pyarrow as pa

        return self._read(slot, pa.BufferReader(data), self._wanted(slot, record, type))

    def _wanted(self, slot: Slot, record: Record, type: TypeExpr | None) -> str:
        return _form(slot, str(content_of(record).get("form", "pyarrow.Table")), type)

    def _write(self, slot: Slot, schema: Any, groups: Iterator[Any], draft: Draft) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        compression = getattr(slot.options, "compression", None) or self.config.compression
        level = self.config.compression_level if compression == self.config.compression else None
        try:
            dictionaries, groups = _judged(groups)
            with pq.ParquetWriter(
                draft,
                schema,
                compression=compression,
                compression_level=ZSTD_LEVEL if level is None and compression == "zstd" else level,
                version="2.6",
                data_page_version="1.0",
                use_dictionary=dictionaries,
                write_statistics=True,
                store_schema=True,
            ) as writer:
                for group in groups:
                    writer.write_table(group, row_group_size=group.num_rows)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise UnsupportedTypeError(f"{slot.label}: the table cannot be written as parquet: {error}") from error

    def _demand_pyarrow(self) -> None:
        try:
            import pyarrow.parquet  # noqa: F401 - to see that it is there
        except ImportError as error:
            raise MissingExtraError(f"the IO manager {self.name!r} of type parquet", "parquet") from error


def _schema(file: OpenFile) -> Any:
    """The columns of a file."""
    import pyarrow.parquet as pq

    return pq.read_schema(file.to_arrow())


def _judged(groups: Iterator[Any]) -> tuple[bool | list[str], Iterator[Any]]:
    """Which columns get a dictionary, and all of the groups."""
    first = next(groups, None)
    return (True, groups) if first is None else (dictionary_columns(first), chain((first,), groups))


def _form(slot: Slot, stored: str, type: TypeExpr | None) -> str:
    try:
        return frames.wanted_form(type, stored)
    except UnsupportedTypeError as error:
        raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error


def _judge(type: TypeExpr) -> str | None:
    name = frames.form_name(type)
    if name in frames.FORMS:
        return None
    if name.startswith(FRAME_PACKAGES):
        return f"{name} is not a table; the parquet manager holds {', '.join(frames.FORMS)}"
    if name in KNOWN:
        return f"{type} is not a data frame; use an IO manager of type filesystem, or a data frame"
    return None
