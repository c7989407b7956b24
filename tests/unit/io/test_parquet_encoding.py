import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flowstone.io.parquet import ParquetManager
from flowstone.io.parquet_encoding import dictionary_columns

ROWS = 70_000
CHANCE = random.Random(7)
UNIQUE = [CHANCE.getrandbits(50) for _ in range(ROWS)]


def encodings(files):
    found = pq.ParquetFile(files.manager.root / files.files()[0]).metadata.row_group(0)
    columns = (found.column(place) for place in range(found.num_columns))
    return {column.path_in_schema: column.has_dictionary_page for column in columns}


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (pa.array(UNIQUE), False),
        (pa.array(UNIQUE, pa.float64()), False),
        (pa.array([f"order {n}" for n in UNIQUE]), False),
        (pa.array([n % 40_000 for n in UNIQUE]), True),
        (pa.array([None] * ROWS, pa.int64()), True),
        (pa.array([n % 7 for n in UNIQUE]).cast(pa.string()).dictionary_encode(), True),
    ],
    ids=["numbers", "floats", "texts", "few", "nulls", "dictionary"],
)
def test_columns_that_hardly_repeat_get_no_dictionary(shelf, values, kept):
    files = shelf(ParquetManager)
    table = pa.table({"c": values, "few": [n % 3 for n in UNIQUE]})
    assert files.again(table).equals(table)
    assert encodings(files) == {"c": kept, "few": True}


def test_columns_inside_of_others_keep_theirs(shelf):
    files = shelf(ParquetManager)
    inner = [{"kind": n % 3, "tags": ["x"]} for n in UNIQUE]
    files.put(pa.table({"n": UNIQUE, "s": inner, "dotted.name": UNIQUE}))
    assert encodings(files) == {"n": False, "s.kind": True, "s.tags.list.element": True, "dotted.name": False}


def test_small_tables_are_not_looked_at(shelf):
    assert dictionary_columns(pa.table({"n": UNIQUE[:1000]})) is True


def test_batches_of_any_size_are_judged_alike(shelf):
    files = shelf(ParquetManager)
    table = pa.table({"n": UNIQUE, "few": [n % 3 for n in UNIQUE]})
    versions = {
        files.put(pa.RecordBatchReader.from_batches(table.schema, table.to_batches(size))).data_version
        for size in (999, 65_536, ROWS)
    }
    assert versions == {files.put(table).data_version}
