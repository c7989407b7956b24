"""Data frames as parquet files: polars, pandas and pyarrow tables, each loadable as any other.

Frames go through Arrow: polars shares its buffers with it except for texts, pandas for columns of numbers without
gaps. Loading verifies the whole file first, so a ``polars.LazyFrame`` is lazy over data in memory. Written by
``pyarrow`` with fixed settings and without times, so that one frame gives one sequence of bytes. What only pandas
knows (a named index, nullable types) is kept beside the columns, and only where there is some.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from flowstone.errors import MissingExtraError, UnsupportedTypeError
from flowstone.io import frames
from flowstone.io.contract import Options, Slot, Traits
from flowstone.io.file_manager import Content, FileConfig, FileManager, FileOptions
from flowstone.io.judge import BUILTINS, FRAME_PACKAGES, ONCE, refusal
from flowstone.io.paths import location
from flowstone.io.record import Record, content_of
from flowstone.io.store import Draft
from flowstone.ir.types import TypeExpr

Compression = Literal["zstd", "snappy", "gzip", "lz4", "brotli", "none"]

ZSTD_LEVEL = 3
ROW_GROUP = 1 << 20
LEVELS = {"zstd": (1, 22), "gzip": (1, 9), "brotli": (0, 11)}
"""Lowest and highest level of the methods that have levels."""


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
    """Rows in a row group."""


class ParquetManager(FileManager):
    """Stores each data frame as one parquet file."""

    Config: ClassVar[type[Options]] = ParquetConfig
    AssetOptions: ClassVar[type[Options]] = ParquetOptions
    traits: ClassVar[Traits] = Traits(durable=True, shared=None, families=(frames.FORMS,))
    extra: ClassVar[str | None] = "parquet"
    default_extension: ClassVar[str] = ".parquet"
    config: ParquetConfig

    @classmethod
    def refuses(cls, type: TypeExpr, options: Options, *, loading: bool) -> str | None:
        return refusal(type, _judge, loading=loading)

    @classmethod
    def location(cls, asset: str, options: Options, *, partitioned: bool) -> str | None:
        return location(asset, getattr(options, "path", None), cls.default_extension, partitioned=partitioned)

    def prepare(self, slot: Slot, value: Any) -> Content:
        self._demand_pyarrow()
        try:
            table, form = frames.to_table(value)
        except UnsupportedTypeError as error:
            raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error
        metadata = {
            "form": form,
            "rows": table.num_rows,
            "columns": table.num_columns,
            "schema": {field.name: str(field.type) for field in table.schema},
        }
        return Content(self.default_extension, metadata, lambda draft: self._write(slot, table, draft))

    def restore(self, slot: Slot, record: Record, data: bytes, type: TypeExpr | None) -> Any:
        self._demand_pyarrow()
        form = str(content_of(record).get("form", "pyarrow.Table"))
        try:
            return frames.from_parquet(data, frames.wanted_form(type, form))
        except UnsupportedTypeError as error:
            raise UnsupportedTypeError(f"{slot.label}: {error}", help=error.help) from error

    def _write(self, slot: Slot, table: Any, draft: Draft) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        compression = getattr(slot.options, "compression", None) or self.config.compression
        level = self.config.compression_level if compression == self.config.compression else None
        try:
            pq.write_table(
                table,
                draft,
                compression=compression,
                compression_level=ZSTD_LEVEL if level is None and compression == "zstd" else level,
                row_group_size=getattr(slot.options, "row_group_size", ROW_GROUP),
                version="2.6",
                data_page_version="1.0",
                use_dictionary=True,
                write_statistics=True,
                store_schema=True,
            )
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise UnsupportedTypeError(f"{slot.label}: the table cannot be written as parquet: {error}") from error

    def _demand_pyarrow(self) -> None:
        try:
            import pyarrow.parquet  # noqa: F401 - to see that it is there
        except ImportError as error:
            raise MissingExtraError(f"the IO manager {self.name!r} of type parquet", "parquet") from error


def _judge(type: TypeExpr) -> str | None:
    name = frames.ALIASES.get(type.name, type.name)
    if name in frames.FORMS:
        return None
    if name.startswith(FRAME_PACKAGES):
        return f"{name} is not a table; the parquet manager holds {', '.join(frames.FORMS)}"
    if name in BUILTINS or name in ONCE:
        return f"{type} is not a data frame; use an IO manager of type filesystem, or a data frame"
    return None
