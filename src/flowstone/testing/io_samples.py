"""Values with which the contract suite tries an IO manager."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec
from typing import Any

from flowstone.io.contract import IOManager
from flowstone.io.streams import is_once
from flowstone.ir.types import UNION, UNKNOWN, TypeExpr


@dataclass(frozen=True)
class Order:
    """A class of a user, as the samples have it."""

    number: int
    day: date
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """A kind of value. ``make`` gives another value for each number, and equal ones for equal numbers."""

    name: str
    type: TypeExpr
    make: Callable[[int], Any]
    package: str | None = None
    """Package that must be installed."""
    optional: bool = False
    """A manager need not be able to store it although it does not refuse it: it cannot know the class."""


def _expr(name: str, *args: TypeExpr) -> TypeExpr:
    return TypeExpr(name=name, args=args)


def _columns(number: int) -> dict[str, list[Any]]:
    return {
        "n": [number, None, 3],
        "f": [0.5, 1e300, -0.0],
        "text": ["", "ß\n", None],
        "flag": [True, False, None],
        "day": [date(2024, 2, 29), None, date(1, 1, 1)],
        "at": [datetime(2024, 1, 1, 12, tzinfo=UTC), None, None],
    }


def _polars(number: int) -> Any:
    import polars

    return polars.DataFrame(_columns(number))


def _lazy(number: int) -> Any:
    return _polars(number).lazy()


def _pandas(number: int) -> Any:
    import pandas

    return pandas.DataFrame({"n": [number, 2, 3], "f": [0.5, 1e300, -0.0], "text": ["", "ß\n", "x"]})


def _arrow(number: int) -> Any:
    import pyarrow

    return pyarrow.table(_columns(number))


def _batches(number: int) -> Any:
    return iter(_arrow(number).to_batches(max_chunksize=2))


def _reader(number: int) -> Any:
    return _arrow(number).to_reader(max_chunksize=2)


def _relation(number: int) -> Any:
    from flowstone.io.relation import to_relation

    return to_relation(_reader(number))


_ANY = _expr(UNKNOWN)
_TEXT = _expr("str")

SAMPLES: tuple[Sample, ...] = (
    Sample("int", _expr("int"), lambda n: 10**30 + n),
    Sample("float", _expr("float"), lambda n: n + 0.1),
    Sample("text", _TEXT, lambda n: f"line {n}\r\n\0 ß \U0001f600 \ud800"),
    Sample("none", _expr(UNION, _expr("int"), _expr("None")), lambda n: n or None),
    Sample("bytes", _expr("bytes"), lambda n: bytes(range(256)) * (n + 1)),
    Sample("list", _expr("list", _expr("int")), lambda n: [n, -1, 0]),
    Sample("dict", _expr("dict", _TEXT, _ANY), lambda n: {"z": n, "a": {"$type": [None, True, ()]}, "ß": "\x7f"}),
    Sample("keys", _expr("dict", _ANY, _ANY), lambda n: {n: "int", (1, "x"): None, None: 1, "1": 2}),
    Sample("set", _expr("set", _TEXT), lambda n: {f"{n}{word}" for word in ("x", "y", "z", "ä", "")}),
    Sample("date", _expr("datetime.date"), lambda n: date(2024, 1, 1 + n % 28)),
    Sample("datetime", _expr("datetime.datetime"), lambda n: datetime(2024, 1, 1, 0, 0, n % 60, 123456, tzinfo=UTC)),
    Sample("decimal", _expr("decimal.Decimal"), lambda n: Decimal(n) / Decimal(1000) + Decimal("1.10")),
    Sample(
        "dataclass",
        _expr("flowstone.testing.io_samples.Order"),
        lambda n: Order(n, date(2024, 1, 1), ("a", "b")),
        optional=True,
    ),
    Sample("polars", _expr("polars.DataFrame"), _polars, "polars"),
    Sample("lazy", _expr("polars.LazyFrame"), _lazy, "polars"),
    Sample("pandas", _expr("pandas.DataFrame"), _pandas, "pandas"),
    Sample("arrow", _expr("pyarrow.Table"), _arrow, "pyarrow"),
    Sample("batches", _expr("Iterator", _expr("pyarrow.RecordBatch")), _batches, "pyarrow"),
    Sample("reader", _expr("pyarrow.RecordBatchReader"), _reader, "pyarrow"),
    Sample("relation", _expr("duckdb.DuckDBPyRelation"), _relation, "duckdb"),
)


def accepted(manager_type: type[IOManager], samples: Iterable[Sample] = SAMPLES) -> list[Sample]:
    """The samples whose type the manager does not refuse and whose package is installed."""
    options = manager_type.AssetOptions()
    return [
        sample
        for sample in samples
        if (sample.package is None or find_spec(sample.package) is not None)
        and manager_type.refuses(sample.type, options, loading=False) is None
    ]


def same(left: Any, right: Any) -> bool:
    """Whether two values are of one kind and equal; frames are compared with their schema.

    Lazy frames are collected, iterators of record batches read to their end, relations run.
    """
    if kind_of(left) != kind_of(right):
        return False
    left, right = _finished(left), _finished(right)
    if hasattr(left, "tobytes") and hasattr(left, "dtype"):
        return bool((left.dtype, left.shape) == (right.dtype, right.shape) and left.tobytes() == right.tobytes())
    if hasattr(left, "equals"):
        return bool(left.equals(right)) and _schema(left) == _schema(right)
    return bool(left == right)


def broken(batches: Any, error: BaseException) -> Iterator[Any]:
    """The first of the batches, and then the error."""
    yield next(batches)
    raise error


def kind_of(value: Any) -> str:
    """What a value is to a consumer: its type, or that it gives record batches."""
    return "batches" if is_once(value) else type(value).__name__


def _finished(value: Any) -> Any:
    if is_once(value):
        import pyarrow

        return pyarrow.Table.from_batches(list(value)).combine_chunks()
    if hasattr(value, "to_arrow_table"):
        return value.to_arrow_table()
    return value.collect() if hasattr(value, "collect") else value


def _schema(frame: Any) -> str:
    return next(str(getattr(frame, name)) for name in ("schema", "dtypes", "dtype") if hasattr(frame, name))
