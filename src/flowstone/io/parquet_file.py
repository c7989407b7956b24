"""One parquet file: written with fixed settings, read whole or in portions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Protocol

from flowstone.errors import UnsupportedTypeError
from flowstone.io import frames
from flowstone.io.parquet_encoding import dictionary_columns

ZSTD_LEVEL = 3


class Source(Protocol):
    """A stored table."""

    @property
    def schema(self) -> Any:
        """Its Arrow schema."""

    def read(self) -> Any:
        """All rows, as an Arrow table. Errors: DamagedError."""

    def batches(self, rows: int) -> Iterator[Any]:
        """All rows as record batches of no more than so many rows. Errors: DamagedError."""


class FileSource:
    """A table in one file."""

    def __init__(self, file: Any, *, whole: bool) -> None:
        """``whole`` says that it will be read at once."""
        import pyarrow.parquet as pq

        self._file = pq.ParquetFile(file, pre_buffer=whole)

    @property
    def schema(self) -> Any:
        return self._file.schema_arrow

    def read(self) -> Any:
        return self._file.read()

    def batches(self, rows: int) -> Iterator[Any]:
        return iter(self._file.iter_batches(rows))


def value_of(source: Source, form: str) -> Any:
    """The frame of a stored table. Errors: UnsupportedTypeError."""
    if form in frames.STREAMED:
        return frames.from_batches(source.schema, source.batches(frames.BATCH_ROWS), form)
    return frames.from_table(source.read(), form)


def write(sink: Any, schema: Any, groups: Iterator[Any], compression: str, level: int | None) -> None:
    """Write a file, each group as a row group. Errors: UnsupportedTypeError, OSError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        dictionaries, groups = _judged(groups)
        with pq.ParquetWriter(
            sink,
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
        raise UnsupportedTypeError(f"the table cannot be written as parquet: {error}") from error


def _judged(groups: Iterator[Any]) -> tuple[bool | list[str], Iterator[Any]]:
    """Which columns get a dictionary, and all of the groups."""
    first = next(groups, None)
    return (True, groups) if first is None else (dictionary_columns(first), chain((first,), groups))
