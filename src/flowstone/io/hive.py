"""Tables whose rows lie in folders by the values of some columns, ``country=de/part-0.parquet``, in one tar.

The folders come in the order of the values, nulls last, and the rows of each in the order in which they were stored:
that is the order in which they are loaded. So the bytes depend on the rows only, not on how they came or were encoded.
The first file, ``_common_metadata``, holds all columns and no rows, with the types that the names of folders do not
tell.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from flowstone.errors import DamagedError, UnsupportedTypeError
from flowstone.io.aside import Aside
from flowstone.io.folders import add_file, add_folder, archive_to
from flowstone.io.hive_names import demand_key, folder_of, value_in
from flowstone.io.spool import OpenFile, Rows
from flowstone.io.store import Draft

COLUMNS = "_common_metadata"
"""Name of the file with the columns."""
PART = "part-0.parquet"
Write = Callable[[Any, Any, Iterator[Any]], None]
"""Writes a parquet file: where to, its columns, its rows."""


class Layout(Struct, frozen=True):
    """How rows are put into folders."""

    schema: Any
    keys: tuple[str, ...]
    limit: int
    """The most folders."""

    def demand(self) -> None:
        """Errors: UnsupportedTypeError for columns that there are not, or whose values are not those of folders."""
        if missing := [name for name in self.keys if name not in self.schema.names]:
            raise UnsupportedTypeError(
                f"partition_by names {missing[0]!r}, and there is no such column",
                help=f"the columns are {', '.join(self.schema.names)}",
            )
        for name in self.keys:
            demand_key(name, self.schema.field(name).type)
        if len(self.keys) == len(self.schema):
            raise UnsupportedTypeError("partition_by names all columns: none is left for the files")

    @property
    def inner(self) -> Any:
        """The columns of the files."""
        import pyarrow as pa

        return pa.schema([field for field in self.schema if field.name not in self.keys])


class Folders:
    """The rows of one table, by folder, until they are written."""

    def __init__(self, layout: Layout, spills: Path) -> None:
        self._layout = layout
        self._spills = spills
        self._rows: dict[tuple[str, ...], Rows] = {}
        self._values: dict[tuple[str, ...], tuple[Any, ...]] = {}
        self._open = ExitStack()

    def __enter__(self) -> Folders:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, table: Any) -> None:
        """Put further rows into their folders. Errors: UnsupportedTypeError, OSError."""
        for part in self._parts(table):
            values = tuple(part.column(name)[0] for name in self._layout.keys)
            place = tuple(map(folder_of, self._layout.keys, values))
            if place not in self._rows:
                self._begin(place, values)
            self._rows[place].add(part.select(self._layout.inner.names))

    def _parts(self, table: Any) -> list[Any]:
        """The rows of each folder, in the order of the rows."""
        import pyarrow as pa

        keys = self._layout.keys
        try:
            return list(_runs(_decoded(table, keys), keys))
        except pa.ArrowNotImplementedError as error:
            raise UnsupportedTypeError(f"the table cannot be put into folders: {error}") from error

    def _begin(self, place: tuple[str, ...], values: tuple[Any, ...]) -> None:
        if len(self._rows) == self._layout.limit:
            raise UnsupportedTypeError(
                f"the values of {', '.join(self._layout.keys)} are so many that there would be more than "
                f"{self._layout.limit} folders",
                help='partition by columns with fewer values, or allow more by io={"max_folders": ...}',
            )
        self._rows[place] = self._open.enter_context(Rows(self._spills, self._layout.inner))
        self._values[place] = values

    def write(self, draft: Draft, write: Write) -> None:
        """Write all folders. Errors: UnsupportedTypeError, OSError."""
        made: set[str] = set()
        with archive_to(draft) as archive:
            _add(archive, COLUMNS, partial(_write_columns, self._layout.schema))
            for place in self._in_order():
                for depth in range(1, len(place) + 1):
                    folder = "/".join(place[:depth])
                    if folder not in made:
                        add_folder(archive, folder)
                        made.add(folder)
                _add(archive, f"{folder}/{PART}", partial(self._fill, self._rows[place], write))

    def _fill(self, rows: Rows, write: Write, sink: Any) -> None:
        write(sink, self._layout.inner, rows.batches())

    def _in_order(self) -> list[tuple[str, ...]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        places = list(self._values)
        if not places:
            return []
        columns = [pa.array([values[number] for values in self._values.values()]) for number in range(len(places[0]))]
        names = [str(number) for number in range(len(columns))]
        order = pc.sort_indices(pa.table(columns, names), sort_keys=[(name, "ascending") for name in names])
        return [places[number] for number in order.to_pylist()]


class HiveSource:
    """A stored table whose rows lie in folders."""

    def __init__(self, file: Any, keys: Iterable[str], spills: Path) -> None:
        """Errors: DamagedError."""
        self._spills = spills
        self._keys = tuple(keys)
        try:
            self._archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 - read later on, too
            first = self._archive.next()
        except tarfile.TarError as error:
            raise DamagedError(f"the stored folder cannot be read: {error}") from None
        if first is None or first.name != COLUMNS:
            raise DamagedError("the stored folder does not tell its columns")
        self.schema = _columns(self._content(first).read())

    def read(self) -> Any:
        """All rows."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        parts = [
            self._whole(member, pq.ParquetFile(pa.BufferReader(self._content(member).read())).read())
            for member in self._parts()
        ]
        return pa.concat_tables([self.schema.empty_table(), *parts]).unify_dictionaries().combine_chunks()

    def batches(self, rows: int) -> Iterator[Any]:
        """All rows, in portions. Of each file there is a copy on the local disk meanwhile."""
        import pyarrow.parquet as pq

        for member in self._parts():
            file = self._copied(member)
            for batch in pq.ParquetFile(file).iter_batches(rows):
                yield self._whole(member, batch)

    def _parts(self) -> Iterator[tarfile.TarInfo]:
        for member in self._archive:
            if member.isreg() and member.name != COLUMNS:
                yield member

    def _whole(self, member: tarfile.TarInfo, rows: Any) -> Any:
        """The rows of a file with the columns that its folders tell."""
        import pyarrow as pa

        folders = member.name.split("/")[:-1]
        if len(folders) != len(self._keys):
            raise DamagedError(f"the stored folder holds {member.name[:80]!r}, which lies in no folder of its own")
        values = {
            name: value_in(folder, name, self.schema.field(name).type)
            for folder, name in zip(folders, self._keys, strict=True)
        }
        columns = [
            pa.repeat(values[field.name], rows.num_rows).cast(field.type)
            if field.name in values
            else rows.column(field.name)
            for field in self.schema
        ]
        return type(rows).from_arrays(columns, schema=self.schema)

    def _copied(self, member: tarfile.TarInfo) -> Any:
        self._spills.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._spills) as file:
            shutil.copyfileobj(self._content(member), file, 1 << 20)
            file.flush()
            return OpenFile(os.dup(file.fileno())).to_arrow()

    def _content(self, member: tarfile.TarInfo) -> Any:
        content = self._archive.extractfile(member)
        assert content is not None
        return content


def _runs(table: Any, keys: tuple[str, ...]) -> Iterator[Any]:
    """The rows of each combination of values, in the order of the rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not table.num_rows:
        return
    codes = [_codes(table.column(name)) for name in keys]
    numbers = pa.table(codes, [str(number) for number in range(len(codes))])
    order = pc.sort_indices(numbers, sort_keys=[(name, "ascending") for name in numbers.column_names])
    ordered, sorted_codes = table.take(order), numbers.take(order)
    changes = (place for column in sorted_codes.columns for place in _changes(pa.concat_arrays(column.chunks)))
    starts = sorted({0, *changes})
    for start, end in zip(starts, [*starts[1:], table.num_rows], strict=True):
        yield ordered.slice(start, end - start)


def _decoded(table: Any, keys: Iterable[str]) -> Any:
    """A table with columns of values where it had numbers of values in a dictionary."""
    import pyarrow.types as of

    for name in keys:
        kind = table.schema.field(name).type
        if of.is_dictionary(kind):
            table = table.set_column(table.schema.get_field_index(name), name, table.column(name).cast(kind.value_type))
    return table


def _codes(column: Any) -> Any:
    """A number for each value of a column, the same for equal ones, of a gap, too."""
    import pyarrow as pa

    return pa.concat_arrays(column.chunks).dictionary_encode(null_encoding="encode").indices


def _changes(codes: Any) -> list[int]:
    """Where values begin that are not those before."""
    import pyarrow.compute as pc

    places: list[int] = pc.indices_nonzero(pc.not_equal(codes.slice(1), codes.slice(0, len(codes) - 1))).to_pylist()
    return [place + 1 for place in places]


def _add(archive: tarfile.TarFile, name: str, fill: Callable[[Any], None]) -> None:
    """Put a file into the tar, which has to know its size beforehand. Errors: OSError; what the filling raises."""
    draft = Aside(lambda _: None)
    try:
        fill(draft)
        add_file(archive, name, draft.file(), draft.size)
    finally:
        draft.discard()


def _write_columns(schema: Any, sink: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_metadata(schema, sink)


def _columns(content: bytes) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pq.read_schema(pa.BufferReader(content))
