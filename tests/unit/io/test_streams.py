import json
import subprocess
import sys
from pathlib import Path

import pytest

from flowstone.errors import UnsupportedTypeError
from flowstone.io import frames
from flowstone.io.duckdb import DuckdbManager
from flowstone.io.parquet import ParquetManager
from flowstone.io.streams import pieces, slices
from flowstone.ir.types import TypeExpr

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
duckdb = pytest.importorskip("duckdb")

BATCH = TypeExpr(name="pyarrow.RecordBatch")
ITERATOR = TypeExpr(name="Iterator", args=(BATCH,))
PROGRAM = Path(__file__).parents[3] / "benchmarks" / "programs" / "stream.py"


def table(rows):
    texts = pa.array([f"text {number % 7}" if number % 5 else None for number in range(rows)])
    return pa.table(
        {"n": pa.array(range(rows), pa.int64()), "text": texts, "kind": texts.dictionary_encode(), "list": [[1]] * rows}
    )


def cut(whole, *sizes):
    """The batches of a table, of such sizes by turns."""
    start = turn = 0
    while start < whole.num_rows:
        size = sizes[turn % len(sizes)]
        yield from whole.slice(start, size).to_batches()
        start, turn = start + size, turn + 1


def lengths(parts):
    return [part.num_rows for part in parts]


class TestPieces:
    @pytest.mark.parametrize("sizes", [(200_000,), (1000,), (65_536,), (1, 99_999), (70_000, 3)])
    def test_they_do_not_depend_on_how_the_batches_came(self, sizes):
        whole = table(200_000).combine_chunks()
        wanted = list(slices(whole, 90_000, 1 << 40))
        assert lengths(wanted) == [90_000, 90_000, 20_000]
        found = list(pieces(cut(whole, *sizes), whole.schema, 90_000, 1 << 40))
        assert [part.column("text").num_chunks for part in found] == [1, 1, 1]
        assert [part.to_pylist() for part in found] == [part.to_pylist() for part in wanted]

    @pytest.mark.parametrize("sizes", [(200_000,), (999,), (65_536, 7)])
    def test_wide_rows_end_one_early(self, sizes):
        whole = pa.table({"n": range(200_000)}).combine_chunks()
        by_size = list(slices(whole, 1 << 20, 600_000))
        assert lengths(by_size) == [131_072, 68_928]
        assert lengths(pieces(cut(whole, *sizes), whole.schema, 1 << 20, 600_000)) == lengths(by_size)

    def test_of_nothing_there_are_none(self):
        schema = pa.schema([("n", pa.int64())])
        assert list(pieces([], schema, 10, 10)) == []
        assert list(slices(schema.empty_table(), 10, 10)) == []

    def test_dictionaries_of_batches_may_differ(self):
        batches = [pa.record_batch({"kind": pa.array([text, None]).dictionary_encode()}) for text in "ab"]
        (found,) = pieces(batches, batches[0].schema, 10, 1 << 20)
        assert found.column("kind").to_pylist() == ["a", None, "b", None]
        assert found.column("kind").num_chunks == 1


@pytest.fixture(params=[ParquetManager, DuckdbManager])
def manager_type(request):
    return request.param


def test_a_stream_has_the_version_of_the_table_whatever_its_batches(shelf, manager_type):
    store = shelf(manager_type, asset="shop.orders")
    whole = table(150_000).combine_chunks()
    versions = {store.put(whole).data_version}
    for sizes in ((150_000,), (1000,), (65_537, 3)):
        record = store.put(cut(whole, *sizes))
        versions.add(record.data_version)
        assert record.metadata["content"]["rows"] == 150_000
    versions.add(store.put(list(cut(whole, 10_000))).data_version)
    versions.add(store.put(whole.to_reader(max_chunksize=1234)).data_version)
    assert len(versions) == 1


def test_a_stream_is_loaded_as_any_frame_and_a_frame_as_a_stream(shelf, manager_type):
    store = shelf(manager_type)
    whole = pa.table({"n": range(100_000)})
    store.put(cut(whole, 333))
    assert store.get("polars.DataFrame")["n"].to_list() == list(range(100_000))
    store.put(pl.DataFrame({"n": range(100_000)}))
    batches = list(store.get(ITERATOR))
    assert max(batch.num_rows for batch in batches) <= frames.BATCH_ROWS
    assert pa.Table.from_batches(batches).column("n").to_pylist() == list(range(100_000))
    assert store.get("duckdb.DuckDBPyRelation").aggregate("sum(n)").fetchall() == [(sum(range(100_000)),)]


def test_a_relation_is_stored_and_can_be_used_more_than_once(shelf, manager_type):
    store = shelf(manager_type)
    connection = duckdb.connect()
    loaded = store.again(connection.sql("SELECT range AS n, 'x' || range AS text FROM range(200000)"))
    assert loaded.filter("n = 199999").fetchall() == [(199999, "x199999")]
    assert loaded.aggregate("count(*)").fetchall() == [(200000,)]


@pytest.mark.parametrize("annotation", ["Iterable", "Iterator", "Generator"])
def test_any_iterator_of_batches_can_be_asked_for(shelf, manager_type, annotation):
    store = shelf(manager_type)
    store.put(pa.table({"n": [1]}))
    for inner in ((BATCH,), (), (TypeExpr(name="?"),)):
        (batch,) = store.get(TypeExpr(name=annotation, args=inner))
        assert batch.to_pydict() == {"n": [1]}
    optional = TypeExpr(name="|", args=(ITERATOR, TypeExpr(name="None")))
    assert [batch.num_rows for batch in store.get(optional)] == [1]


def test_a_stream_without_rows_keeps_its_columns(shelf, manager_type):
    store = shelf(manager_type)
    schema = pa.schema([("n", pa.int64()), ("text", pa.string())])
    for value in (schema.empty_table().to_reader(), iter([pa.RecordBatch.from_pylist([], schema=schema)])):
        record = store.put(value)
        assert record.metadata["content"]["rows"] == 0
        assert store.get(ITERATOR).read_all().schema == schema
    with pytest.raises(UnsupportedTypeError, match=r"shop\.orders: no record batch came") as caught:
        store.put(iter(()))
    assert "pa.RecordBatchReader" in caught.value.help.replace("pyarrow", "pa")


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (pa.record_batch({"n": ["x"]}), "'n' is string and was int64"),
        (pa.record_batch({"n": [1], "m": [1]}), "'m' is new"),
        (pa.record_batch({"m": [1]}), "'m' is new; 'n' is missing"),
        (pa.table({"n": [1]}), r"item 1 of the iterator is a pyarrow\.lib\.Table"),
        (1, r"item 1 of the iterator is a builtins\.int"),
    ],
)
def test_batches_that_do_not_fit_the_first_are_refused(shelf, manager_type, second, says):
    store = shelf(manager_type)
    with pytest.raises(UnsupportedTypeError, match=says):
        store.put(iter([pa.record_batch({"n": [1]}), second]))
    assert store.manager.record(store.slot) is None


def test_other_iterators_are_no_frames():
    for manager in (ParquetManager, DuckdbManager):
        options = manager.AssetOptions()
        assert manager.refuses(TypeExpr(name="Iterator", args=(TypeExpr(name="int"),)), options, loading=False)
        assert manager.refuses(ITERATOR, options, loading=False) is None
        assert manager.refuses(ITERATOR, options, loading=True) is None
        assert manager.refuses(TypeExpr(name="Iterator"), options, loading=False) is None  # nobody can know


@pytest.mark.parametrize("manager_type", ["parquet:ParquetManager", "duckdb:DuckdbManager"])
def test_memory_does_not_grow_with_the_stream(manager_type, tmp_path):
    """The limit is that of the benchmark, which has a frame of 4 GB."""
    rows = set()
    for doing in ("store", "load"):
        command = [sys.executable, str(PROGRAM), f"flowstone.io.{manager_type}", str(tmp_path), "{}", doing, "600"]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        assert found["megabytes"] < 500, doing
        rows.add(found["rows"])
    assert len(rows) == 1
