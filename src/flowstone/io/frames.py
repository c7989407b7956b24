"""Data frames to Arrow tables and back. Imports a package only for a frame of it, or when one is asked for.

Some forms are whole in memory, others are streamed: their rows come and go as record batches.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from flowstone.errors import UnsupportedTypeError
from flowstone.io.relation import batches_of, to_relation
from flowstone.io.streams import Stream, is_stream
from flowstone.ir.asset import Step
from flowstone.ir.types import UNKNOWN, TypeExpr

BATCH_ROWS = 65_536
"""Rows of a batch that a consumer receives, at most."""
RECORD_BATCH = "pyarrow.RecordBatch"

WHOLE = ("polars.DataFrame", "polars.LazyFrame", "pandas.DataFrame", "pyarrow.Table")
"""The forms of a table that are whole in memory, by the names under which users know them."""

READER = "pyarrow.RecordBatchReader"
BATCHES = "Iterator[pyarrow.RecordBatch]"
RELATION = "duckdb.DuckDBPyRelation"
STREAMED = (READER, BATCHES, RELATION)
"""The forms of which no more than a portion need be in memory. Batches are loaded as a reader, which is an iterator."""

FORMS = (*WHOLE, *STREAMED)

ALIASES = {
    "polars.dataframe.DataFrame": "polars.DataFrame",
    "polars.dataframe.frame.DataFrame": "polars.DataFrame",
    "polars.lazyframe.LazyFrame": "polars.LazyFrame",
    "polars.lazyframe.frame.LazyFrame": "polars.LazyFrame",
    "pandas.core.frame.DataFrame": "pandas.DataFrame",
    "pandas.core.api.DataFrame": "pandas.DataFrame",
    "pyarrow.lib.Table": "pyarrow.Table",
    "pyarrow.lib.RecordBatchReader": READER,
    "pyarrow.lib.RecordBatch": RECORD_BATCH,
    "duckdb._relation.DuckDBPyRelation": RELATION,
}
"""Other places from which the same classes can be had."""


def form_of(value: Any) -> str:
    """Which form a value has. Errors: UnsupportedTypeError if it is no table."""
    for kind in type(value).__mro__:
        name = f"{kind.__module__}.{kind.__qualname__}"
        form = ALIASES.get(name, name)
        if form in FORMS:
            return form
    if is_stream(value):
        return READER
    kind = type(value)
    raise UnsupportedTypeError(
        f"a {kind.__module__}.{kind.__qualname__} is not a data frame",
        help=f"return one of {', '.join(FORMS)}, or use an IO manager of type filesystem",
    )


def is_relation(value: Any) -> bool:
    """Whether a value is a relation of DuckDB."""
    kind = type(value)
    return ALIASES.get(f"{kind.__module__}.{kind.__qualname__}") == RELATION


def yields_batches(step: Step) -> bool:
    """Whether a generator function is annotated to make its one asset of the record batches that it yields."""
    item = None if step.signature.returns is None else step.signature.returns.yields
    return len(step.outputs) == 1 and not step.function.is_async and item is not None and _name(item) == RECORD_BATCH


def form_name(type: TypeExpr) -> str:
    """The form that an annotation names; the type's own name if it names none."""
    if type.yields is not None:
        return BATCHES if _name(type.yields) in (RECORD_BATCH, UNKNOWN) else type.name
    return _name(type)


def _name(type: TypeExpr) -> str:
    return ALIASES.get(type.name, type.name)


def wanted_form(type: TypeExpr | None, form: str) -> str:
    """The form to load: that which was stored if the annotation allows it, else the first that it names.

    Errors: UnsupportedTypeError if it names none.
    """
    if type is None:
        return form
    names = [form_name(member) for member in type.members if member.name != "None"]
    known = [name for name in names if name in FORMS]
    if form in names or UNKNOWN in names or not names:
        return form
    if not known:
        raise UnsupportedTypeError(f"a data frame cannot be loaded as {type}, only as {', '.join(FORMS)}")
    return known[0]


def to_table(value: Any) -> tuple[Any, str]:
    """The Arrow table of a frame, in one chunk, and the frame's form. Errors: UnsupportedTypeError."""
    import pyarrow as pa

    form = form_of(value)
    try:
        table = _CONVERTERS[form](value)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise UnsupportedTypeError(f"a {form} cannot be made an Arrow table: {error}") from error
    _demand_distinct(table.schema)
    return table.combine_chunks(), form


def to_stream(value: Any) -> tuple[Stream, str]:
    """The batches of a value in a streamed form, and the form. Errors: UnsupportedTypeError; what its source raises."""
    form = form_of(value)
    stream = Stream(*batches_of(value, BATCH_ROWS)) if form == RELATION else Stream.of(value)
    _demand_distinct(stream.schema)
    return stream, form


def _demand_distinct(schema: Any) -> None:
    if len(set(schema.names)) != len(schema.names):
        raise UnsupportedTypeError("the table has two columns of one name")


def _from_polars(value: Any) -> Any:
    return value.to_arrow(compat_level=import_module("polars").CompatLevel.oldest())


def _from_lazy(value: Any) -> Any:
    return _from_polars(value.collect())


def _from_pandas(value: Any) -> Any:
    import pandas as pd
    import pyarrow as pa

    index = value.index
    plain = type(index) is pd.RangeIndex and index.equals(pd.RangeIndex(len(value))) and index.name is None
    table = pa.Table.from_pandas(value, preserve_index=None if plain else True)
    bare = table.replace_schema_metadata(None)
    return bare if plain and _comes_back(bare, value) else table


def _comes_back(table: Any, frame: Any) -> bool:
    """Whether pandas would get the same column names and types without the facts that it adds to the schema."""
    if frame.columns.name is not None or not all(type(name) is str for name in frame.columns):
        return False
    return bool((table.schema.empty_table().to_pandas().dtypes == frame.dtypes).all())


def _from_arrow(value: Any) -> Any:
    return value


def _from_batches(value: Any) -> Any:
    import pyarrow as pa

    stream, _ = to_stream(value)
    return pa.Table.from_batches(stream, stream.schema)


_CONVERTERS = {
    "polars.DataFrame": _from_polars,
    "polars.LazyFrame": _from_lazy,
    "pandas.DataFrame": _from_pandas,
    "pyarrow.Table": _from_arrow,
    READER: _from_batches,
    RELATION: _from_batches,
}


def from_table(table: Any, form: str) -> Any:
    """The frame of an Arrow table. Errors: UnsupportedTypeError if the form's package is missing."""
    if form == "pyarrow.Table":
        return table
    if form in STREAMED:
        return from_batches(table.schema, table.to_batches(max_chunksize=BATCH_ROWS), form)
    package = form.partition(".")[0]
    try:
        module = import_module(package)
    except ImportError as error:
        raise UnsupportedTypeError(
            f"a {form} is asked for, but {package} is not installed", help=f"pip install {package}"
        ) from error
    if package == "pandas":
        return table.to_pandas()
    frame = module.from_arrow(table)
    return frame.lazy() if form == "polars.LazyFrame" else frame


def from_batches(schema: Any, batches: Iterable[Any], form: str) -> Any:
    """The value in a streamed form. Errors: UnsupportedTypeError."""
    import pyarrow as pa

    reader = pa.RecordBatchReader.from_batches(schema, batches)
    return to_relation(reader) if form == RELATION else reader
