"""Tables that come as record batches: taken once, in portions, so that they may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from flowstone.errors import UnsupportedTypeError

BLOCK = 65_536
"""Rows that are weighed together."""

_NO_BATCH = (
    "return a pyarrow.RecordBatchReader, which tells its columns, or yield one batch without rows: "
    "pa.RecordBatch.from_pylist([], schema=schema)"
)


def is_once(value: Any) -> bool:
    """Whether a value is used up by reading it."""
    return isinstance(value, Iterator)


def is_stream(value: Any) -> bool:
    """Whether a value is a table in batches: an iterator, a reader, or a list of batches."""
    if isinstance(value, list | tuple):
        return bool(value) and _is_batch(value[0])
    return is_once(value)


class Stream:
    """The batches of one table, to be taken once."""

    def __init__(self, schema: Any, batches: Iterator[Any]) -> None:
        self.schema = schema
        self._batches = batches
        self._failure: BaseException | None = None

    @classmethod
    def of(cls, value: Any) -> Stream:
        """Take the first batch of an iterator, for its columns.

        Errors: UnsupportedTypeError if there is none, or if it is none; what the iterator raises passes through.
        """
        import pyarrow as pa

        if isinstance(value, pa.RecordBatchReader):
            return cls(value.schema, iter(value))
        batches = iter(value)
        first = next(batches, None)
        if first is None:
            raise UnsupportedTypeError("no record batch came, so that the columns are not known", help=_NO_BATCH)
        _demand_batch(first, 0)
        return cls(first.schema, chain([first], batches))

    def __iter__(self) -> Iterator[Any]:
        """The batches. Errors: UnsupportedTypeError for one with other columns; what the iterator raises."""
        number = 0
        while (batch := self._next()) is not None:
            _demand_batch(batch, number)
            if not batch.schema.equals(self.schema):
                raise UnsupportedTypeError(_difference(number, batch.schema, self.schema))
            yield batch
            number += 1

    def _next(self) -> Any:
        try:
            return next(self._batches, None)
        except BaseException as error:
            self._failure = error
            raise

    @contextmanager
    def passing_through(self) -> Iterator[None]:
        """Let what the user's iterator raised out as it was, whatever a store made of it."""
        try:
            yield
        except BaseException as error:
            if self._failure is not None and error is not self._failure:
                raise self._failure from None
            raise


class Cutter:
    """Cuts batches into tables of wanted numbers of rows."""

    def __init__(self, batches: Iterable[Any], schema: Any) -> None:
        self._schema = schema
        self._batches = iter(batches)
        self._rest: Any = None

    def take(self, rows: int) -> Any:
        """The next rows as a table; fewer at the end, None after it."""
        import pyarrow as pa

        found, missing = [], rows
        while missing and (batch := self._rest or next(self._batches, None)) is not None:
            found.append(batch.slice(0, missing))
            self._rest = batch.slice(missing) if batch.num_rows > missing else None
            missing -= found[-1].num_rows
        if missing == rows:
            return None
        table = pa.Table.from_batches(found, self._schema)
        return table if len(found) == 1 else table.unify_dictionaries().combine_chunks()


def pieces(batches: Iterable[Any], schema: Any, rows: int, size: int) -> Iterator[Any]:
    """The rows as tables in one chunk: each ends with so many rows, or once it has so many bytes."""
    for group in _groups(batches, schema, rows, size):
        yield _joined(group)


def slices(table: Any, rows: int, size: int) -> Iterator[Any]:
    """The same pieces of a table that is in one chunk already, which is not copied."""
    start = 0
    for group in _groups(table.to_batches(), table.schema, rows, size):
        count = sum(part.num_rows for part in group)
        yield table.slice(start, count)
        start += count


def _joined(group: list[Any]) -> Any:
    """The tables as one, in one chunk; the list lets go of them, since together they may be large."""
    import pyarrow as pa

    found = group[0] if len(group) == 1 else pa.concat_tables(group).unify_dictionaries().combine_chunks()
    group.clear()
    return found


def _groups(batches: Iterable[Any], schema: Any, rows: int, size: int) -> Iterator[list[Any]]:
    """Rows in groups of blocks. Where a group ends does not depend on how the batches came."""
    cutter = Cutter(batches, schema)
    while True:
        found: list[Any] = []
        count = weight = 0
        while count < rows and weight < size and (part := cutter.take(min(BLOCK, rows - count))) is not None:
            found.append(part)
            count += part.num_rows
            weight += part.nbytes
        if not found:
            return
        yield found


def _is_batch(value: Any) -> bool:
    kind = type(value)
    return kind.__module__.partition(".")[0] == "pyarrow" and kind.__qualname__ == "RecordBatch"


def _demand_batch(value: Any, number: int) -> None:
    if not _is_batch(value):
        kind = type(value)
        raise UnsupportedTypeError(
            f"item {number} of the iterator is a {kind.__module__}.{kind.__qualname__}, not a pyarrow.RecordBatch",
            help="yield record batches: a polars frame gives them by frame.to_arrow().to_batches()",
        )


def _difference(number: int, found: Any, wanted: Any) -> str:
    facts = [f"{name!r} is new" for name in found.names if name not in wanted.names]
    facts += [f"{name!r} is missing" for name in wanted.names if name not in found.names]
    facts += [
        f"{field.name!r} is {found.field(field.name).type} and was {field.type}"
        for field in wanted
        if found.names.count(field.name) == 1 and found.field(field.name).type != field.type
    ]
    what = "; ".join(facts) or "their order, or what may be null, is another"
    return f"record batch {number} has other columns than the first: {what}"
