"""Tables as DuckDB relations: rows in a database of their own, which spills to disk what memory does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowstone.errors import UnsupportedTypeError


def to_relation(reader: Any) -> Any:
    """A relation of all rows of a reader; it can be used any number of times.

    Errors: UnsupportedTypeError if the package is missing, or for columns that DuckDB does not have.
    """
    duckdb = _duckdb()
    connection = duckdb.connect(":memory:")
    try:
        connection.register("rows", reader)
        connection.execute("CREATE TABLE value AS SELECT * FROM rows")
        connection.unregister("rows")
    except (duckdb.NotImplementedException, duckdb.ConversionException, duckdb.BinderException) as error:
        first = str(error).strip().partition("\n")[0]
        raise UnsupportedTypeError(f"the table cannot be loaded as a duckdb relation: {first}") from error
    return connection.table("value")


def batches_of(relation: Any, rows: int) -> tuple[Any, Iterator[Any]]:
    """The schema and the batches of what a relation says, which is run meanwhile."""
    reader = relation.to_arrow_reader(rows)
    return reader.schema, iter(reader)


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise UnsupportedTypeError(
            "a duckdb relation is asked for, but duckdb is not installed", help="pip install duckdb"
        ) from error
    return duckdb
