"""Data frames as parquet files: polars, pandas and pyarrow tables and record batches, each loadable as any other.

Batches are written as they come, a row group at a time, and read from the file after the whole of it was verified.
Frames go through Arrow: polars shares its buffers with it except for texts, pandas for columns of numbers without
gaps. Loading verifies the whole file first, so a ``polars.LazyFrame`` is lazy over data in memory. Written by
``pyarrow`` with fixed settings and without times, so that one frame gives one sequence of bytes. What only pandas
knows (a named index, nullable types) is kept beside the columns, and only where there is some.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from flowstone.config.environment import state_folder
from flowstone.errors import DamagedError, MissingExtraError, NotMaterializedError, UnsupportedTypeError
from flowstone.io import frames
from flowstone.io.contract import Options, Slot, Staged, Traits
from flowstone.io.file_manager import Content, FileConfig, FileManager, FileOptions
from flowstone.io.hive_names import EXTENSION
from flowstone.io.judge import FRAME_PACKAGES, KNOWN, refusal
from flowstone.io.parquet_file import FileSource, Source, value_of, write
from flowstone.io.paths import location, schema_place
from flowstone.io.record import Record, content_of
from flowstone.io.schema_change import SchemaChange
from flowstone.io.streams import pieces, slices
from flowstone.ir.types import TypeExpr

if TYPE_CHECKING:
    from flowstone.io.hive import Layout
    from flowstone.io.spool import OpenFile
    from flowstone.io.store import Draft

Compression = Literal["zstd", "snappy", "gzip", "lz4", "brotli", "none"]

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
    partition_by: tuple[str, ...] = ()
    """Columns by whose values the rows lie in folders, ``country=de/part-0.parquet``. The value is one tar of them; the
    rows come back in the order of the folders."""
    max_folders: int = Field(default=500, gt=0)
    """The most folders; with more the value is refused."""
    on_schema_change: SchemaChange | None = None
    """What to do if the columns are others than before: ``fail``, ``append`` new ones and widen types, or ``replace``
    them, which a partitioned asset can only while no other partition is stored. By default ``fail`` for a partitioned
    asset, else ``replace``."""

    @field_validator("partition_by")
    @classmethod
    def _are_columns(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if "" in names or len(set(names)) != len(names):
            raise ValueError("each is the name of another column")
        return names


class ParquetManager(FileManager):
    """Stores each data frame as one parquet file."""

    Config: ClassVar[type[Options]] = ParquetConfig
    AssetOptions: ClassVar[type[Options]] = ParquetOptions
    traits: ClassVar[Traits] = Traits(durable=True, shared=None, families=(frames.FORMS,))
    extra: ClassVar[str | None] = "parquet"
    default_extension: ClassVar[str] = ".parquet"
    config: ParquetConfig

    def __init__(self, name: str, config: Options, project_root: Path) -> None:
        from flowstone.io.agreement import Agreement, Before

        super().__init__(name, config, project_root)
        self._agreement = Agreement(self.store, Before(self.partitions, self._texts, self._columns))

    @classmethod
    def refuses(cls, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        return refusal(type, _judge, loading=loading)

    @classmethod
    def refuses_objects(cls, options: Options) -> str | None:
        return "they are no data frames"

    @classmethod
    def location(cls, asset: str, options: Options, *, partitioned: bool) -> str | None:
        extension = EXTENSION if getattr(options, "partition_by", ()) else cls.default_extension
        return location(asset, getattr(options, "path", None), extension, partitioned=partitioned)

    def prepare(self, slot: Slot, value: Any) -> Content:
        self._demand_pyarrow()
        rows = self._rows_in_group(slot)
        with self._named(slot):
            if frames.form_of(value) in frames.STREAMED:
                stream, form = frames.to_stream(value)
                with self._noting(slot):
                    self._agreement.demand(slot, stream.schema)  # before hours of work, not after them
                parts = pieces(stream, stream.schema, rows, GROUP_BYTES)
                return self._content(slot, stream.schema, parts, form, stream.passing_through)
            table, form = frames.to_table(value)
            return self._content(slot, table.schema, slices(table, rows, GROUP_BYTES), form)

    def _rows_in_group(self, slot: Slot) -> int:
        return int(getattr(slot.options, "row_group_size", ROW_GROUP))

    @property
    def _spills(self) -> Path:
        """Folder of the files, without names, in which rows wait."""
        return state_folder(self.project_root, os.environ) / "cache" / "streams"

    @contextmanager
    def _named(self, slot: Slot) -> Iterator[None]:
        """Name the asset in errors."""
        try:
            yield
        except (UnsupportedTypeError, DamagedError) as error:
            if str(error).startswith(slot.label):
                raise
            raise type(error)(f"{slot.label}: {error}", help=error.help) from error

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

        keys = getattr(slot.options, "partition_by", ())
        if not keys:
            return Content(self.default_extension, facts, partial(self._write, slot, schema, counted()), guard)
        from flowstone.io.hive import Layout

        layout = Layout(schema, keys, slot.options.max_folders)  # type: ignore[attr-defined]
        layout.demand()
        facts["partition_by"] = list(keys)
        return Content(EXTENSION, facts, partial(self._write_folders, slot, layout, counted(), facts), guard)

    def _write(self, slot: Slot, schema: Any, groups: Iterator[Any], draft: Any) -> None:
        compression = getattr(slot.options, "compression", None) or self.config.compression
        level = self.config.compression_level if compression == self.config.compression else None
        with self._named(slot):
            write(draft, schema, groups, compression, level)

    def _write_folders(
        self, slot: Slot, layout: Layout, groups: Iterator[Any], facts: dict[str, Any], draft: Draft
    ) -> None:
        from flowstone.io.hive import Folders

        def fill(sink: Any, schema: Any, batches: Iterator[Any]) -> None:
            self._write(slot, schema, pieces(batches, schema, self._rows_in_group(slot), GROUP_BYTES), sink)

        with self._named(slot), Folders(layout, self._spills) as folders:
            for group in groups:
                folders.take(group)
            folders.write(draft, fill)
            facts["folders"] = len(folders)

    def publish(self, staged: Staged, record: Record) -> None:
        texts, slot = dict(staged.metadata["schema"]), staged.slot
        with self._noting(slot), self._agreement.kept(slot, texts, lambda: self._staged(staged).schema):
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
        return self._source(slot, content_of(record), self._verified(slot, record, self.store.open_verified)).schema

    def together(self, values: Sequence[tuple[Slot, Record]], type: TypeExpr | None) -> Iterator[Any]:
        from flowstone.io.together import load_together

        return load_together(self, values, type, self._schema_of)

    def load(self, slot: Slot, record: Record, type: TypeExpr | None) -> Any:
        self._demand_pyarrow()
        form = self._wanted(slot, record, type)
        file = self._verified(slot, record, self.store.open_verified)
        source = self._source(slot, content_of(record), file, whole=form not in frames.STREAMED)
        with self._named(slot):
            return value_of(source, form)

    def load_staged(self, staged: Staged, type: TypeExpr | None) -> Any:
        form = _form(staged.slot, str(staged.metadata["form"]), type)
        with self._faults(staged.slot.label, "read", staged.handle[1]), self._named(staged.slot):
            return value_of(self._staged(staged), form)

    def _staged(self, staged: Staged) -> Source:
        return self._source(staged.slot, staged.metadata, staged.handle[0].reader())

    def _source(self, slot: Slot, facts: Mapping[str, Any], file: OpenFile | bytes, *, whole: bool = False) -> Source:
        """What lies in a file, by the facts of its content. Errors: DamagedError."""
        import pyarrow as pa

        with self._named(slot):
            if keys := facts.get("partition_by"):
                from flowstone.io.hive import HiveSource

                opened = io.BytesIO(file) if isinstance(file, bytes) else io.BufferedReader(file)
                return HiveSource(opened, keys, self._spills)
            return FileSource(pa.BufferReader(file) if isinstance(file, bytes) else file.to_arrow(), whole=whole)

    def restore(self, slot: Slot, record: Record, data: bytes, type: TypeExpr | None) -> Any:
        form = self._wanted(slot, record, type)
        with self._named(slot):
            return value_of(self._source(slot, content_of(record), data), form)

    def _wanted(self, slot: Slot, record: Record, type: TypeExpr | None) -> str:
        return _form(slot, str(content_of(record).get("form", "pyarrow.Table")), type)

    def _demand_pyarrow(self) -> None:
        try:
            import pyarrow.parquet  # noqa: F401 - to see that it is there
        except ImportError as error:
            raise MissingExtraError(f"the IO manager {self.name!r} of type parquet", "parquet") from error


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
