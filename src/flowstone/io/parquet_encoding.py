"""Which columns of a parquet file get a dictionary.

A writer collects the different values of a column until they are too many, and then gives up, in every row group anew.
In a column whose values hardly repeat that is in vain, and takes a third of the time of writing.
"""

from __future__ import annotations

from typing import Any

from flowstone.io.streams import BLOCK

FEWEST_ROWS = 1 << 14
"""Of fewer rows nothing is known, and they take no time."""
DIFFERENT = 0.9
"""Values of a column do not repeat if more than this part of a block is different: were they drawn from so few that a
dictionary of them could be kept, more would be the same."""


def dictionary_columns(first: Any) -> bool | list[str]:
    """The paths of the columns that get one, by the first row group; True for all of them.

    Blocks of rows do not depend on how the rows came, and so neither does this.
    """
    rows = first.slice(0, BLOCK)
    if rows.num_rows < FEWEST_ROWS:
        return True
    plain = {
        field.name
        for field, column in zip(rows.schema, rows.columns, strict=True)
        if _can_be_counted(field.type) and _hardly_repeats(column)
    }
    return [path for path in _paths(rows.schema) if path not in plain] if plain else True


def _can_be_counted(type: Any) -> bool:
    from pyarrow import types

    kinds = (types.is_integer, types.is_float32, types.is_float64, types.is_date, types.is_time, types.is_timestamp)
    texts = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    return any(is_kind(type) for is_kind in (*kinds, *texts))


def _hardly_repeats(column: Any) -> bool:
    import pyarrow.compute as pc

    return bool(pc.count_distinct(column, mode="all").as_py() > DIFFERENT * len(column))


def _paths(schema: Any) -> list[str]:
    """The paths of all columns as parquet has them: those inside of others, too."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.ParquetWriter(sink, schema).close()
    found = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return [found.column(place).path for place in range(len(found))]
