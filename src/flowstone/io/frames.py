"""Data frames to Arrow tables and back. Imports a package only for a frame of it, or when one is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flowstone.errors import UnsupportedTypeError
from flowstone.ir.types import TypeExpr

FORMS = ("polars.DataFrame", "polars.LazyFrame", "pandas.DataFrame", "pyarrow.Table")
"""The four forms of a table, by the names under which users know them."""

ALIASES = {
    "polars.dataframe.DataFrame": "polars.DataFrame",
    "polars.dataframe.frame.DataFrame": "polars.DataFrame",
    "polars.lazyframe.LazyFrame": "polars.LazyFrame",
    "polars.lazyframe.frame.LazyFrame": "polars.LazyFrame",
    "pandas.core.frame.DataFrame": "pandas.DataFrame",
    "pandas.core.api.DataFrame": "pandas.DataFrame",
    "pyarrow.lib.Table": "pyarrow.Table",
}
"""Other places from which the same classes can be had."""


def form_of(value: Any) -> str:
    """Which form a value has. Errors: UnsupportedTypeError if it is no table."""
    for kind in type(value).__mro__:
        name = f"{kind.__module__}.{kind.__qualname__}"
        form = ALIASES.get(name, name)
        if form in FORMS:
            return form
    kind = type(value)
    raise UnsupportedTypeError(
        f"a {kind.__module__}.{kind.__qualname__} is not a data frame",
        help=f"return one of {', '.join(FORMS)}, or use an IO manager of type filesystem",
    )


def wanted_form(type: TypeExpr | None, form: str) -> str:
    """The form to load: that which was stored if the annotation allows it, else the first that it names.

    Errors: UnsupportedTypeError if it names none.
    """
    if type is None:
        return form
    names = [ALIASES.get(member.name, member.name) for member in type.members if member.name != "None"]
    known = [name for name in names if name in FORMS]
    if form in names or "?" in names or not names:
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
    if len(set(table.column_names)) != table.num_columns:
        raise UnsupportedTypeError("the table has two columns of one name")
    return table.combine_chunks(), form


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


_CONVERTERS = {
    "polars.DataFrame": _from_polars,
    "polars.LazyFrame": _from_lazy,
    "pandas.DataFrame": _from_pandas,
    "pyarrow.Table": _from_arrow,
}


def from_parquet(data: bytes, form: str) -> Any:
    """The frame of a parquet file's bytes. Errors: UnsupportedTypeError if the form's package is missing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    return from_table(pq.ParquetFile(pa.BufferReader(data)).read(), form)


def from_table(table: Any, form: str) -> Any:
    """The frame of an Arrow table. Errors: UnsupportedTypeError if the form's package is missing."""
    if form == "pyarrow.Table":
        return table
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
