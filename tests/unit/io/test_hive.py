"""Rows in folders by the values of columns: what comes back, in which order, and what is refused."""

import io
import tarfile
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from flowstone.errors import DamagedError, StorageError, UnsupportedTypeError
from flowstone.io.contract import Slot
from flowstone.io.folders import unpack
from flowstone.io.hive import HiveSource
from flowstone.io.hive_names import NULL, folder_of, value_in
from flowstone.io.parquet import ParquetManager, ParquetOptions
from flowstone.ir.types import TypeExpr

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pq = pytest.importorskip("pyarrow.parquet")
dataset = pytest.importorskip("pyarrow.dataset")

TABLE = pa.table({"n": range(6), "country": ["fr", "de", None, "fr", "de", ""], "hour": [10, 2, 2, 10, 10, 2]})
FORMS = ["polars.DataFrame", "polars.LazyFrame", "pandas.DataFrame", "pyarrow.Table", "pyarrow.RecordBatchReader"]


@pytest.fixture
def hive(shelf):
    return lambda *keys, **options: shelf(ParquetManager, partition_by=keys, **options)


def stored(store):
    (path,) = store.manager.root.glob("*.tar")
    return path


def names(store):
    with tarfile.open(stored(store)) as archive:
        return archive.getnames()


def test_folders_are_named_by_the_values(hive, tmp_path):
    store = hive("country", "hour")
    record = store.put(TABLE)
    assert names(store) == [
        "_common_metadata",
        *("country=", "country=/hour=2", "country=/hour=2/part-0.parquet"),
        *("country=de", "country=de/hour=2", "country=de/hour=2/part-0.parquet"),
        *("country=de/hour=10", "country=de/hour=10/part-0.parquet"),
        *("country=fr", "country=fr/hour=10", "country=fr/hour=10/part-0.parquet"),
        *(f"country={NULL}", f"country={NULL}/hour=2", f"country={NULL}/hour=2/part-0.parquet"),
    ]
    facts = record.metadata["content"]
    assert (facts["rows"], facts["columns"], facts["folders"]) == (6, 3, 5)
    assert facts["partition_by"] == ["country", "hour"]
    with stored(store).open("rb") as file:
        unpack(file, tmp_path / "there")
    found = dataset.dataset(tmp_path / "there", format="parquet", partitioning="hive").to_table()
    assert sorted(found.column("n").to_pylist()) == list(range(6))
    assert set(found.column("hour").to_pylist()) == {2, 10}


@pytest.mark.parametrize("form", FORMS)
def test_rows_come_back_in_the_order_of_the_values(hive, form):
    store = hive("hour", "country")
    store.put(TABLE)
    loaded = store.get(form)
    loaded = loaded.read_all() if hasattr(loaded, "read_all") else loaded
    frame = pl.DataFrame(loaded.collect() if form == "polars.LazyFrame" else loaded)
    assert frame.columns == ["n", "country", "hour"]
    assert frame["n"].to_list() == [5, 1, 2, 4, 0, 3]
    if form != "pandas.DataFrame":
        assert frame["country"].to_list() == ["", "de", None, "de", "fr", "fr"]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([2, -1, None], pa.int8()),
        pa.array([2**64 - 1, 0, 1], pa.uint64()),
        pa.array([True, False, None]),
        pa.array([date(2024, 2, 29), date(1, 1, 1), None]),
        pa.array([datetime(2024, 1, 1, 12, 0, 0, 123456), None, datetime(1970, 1, 1)], pa.timestamp("us")),
        pa.array(
            [datetime(2024, 1, 1, 12, tzinfo=UTC), None, datetime(1970, 1, 1, tzinfo=UTC)], pa.timestamp("ns", "UTC")
        ),
        pa.array([Decimal("1.10"), Decimal("-0.01"), None]),
        pa.array(["x", "", None], pa.large_string()),
        pa.array(["x", "y", None]).dictionary_encode(),
    ],
    ids=lambda values: str(values.type),
)
def test_types_of_keys_come_back(hive, values):
    store = hive("k")
    table = pa.table({"k": values, "n": [0, 1, 2]})
    loaded = store.again(table)
    assert loaded.schema == table.schema
    assert sorted(map(str, loaded.to_pylist())) == sorted(map(str, table.to_pylist()))
    assert store.again(loaded) == loaded


@pytest.mark.parametrize("values", [[0.5], [b"x"], [[1]], [{"a": 1}]])
def test_other_types_are_no_keys(hive, values):
    store = hive("k")
    with pytest.raises(UnsupportedTypeError, match=r"shop\.orders: column 'k' of type .* cannot tell"):
        store.put(pa.table({"k": values, "n": [1]}))
    assert store.files() == []


def test_an_order_of_categories_and_columns_that_cannot_be_sorted_are_refused(hive):
    ordered = pd.DataFrame({"k": pd.Categorical(["b", "a"], categories=["b", "a"], ordered=True), "n": [1, 2]})
    with pytest.raises(UnsupportedTypeError, match="the order of the categories of column 'k'"):
        hive("k").put(ordered)
    with pytest.raises(UnsupportedTypeError, match=r"cannot be put into folders: .*string_view"):
        hive("k").put(pa.table({"k": ["x"], "n": pa.array(["y"], pa.string_view())}))


def test_what_cannot_be_is_refused(hive):
    with pytest.raises(UnsupportedTypeError, match="partition_by names 'nation'") as caught:
        hive("nation").put(TABLE)
    assert caught.value.help == "the columns are n, country, hour"
    with pytest.raises(UnsupportedTypeError, match="names all columns"):
        hive("n", "country", "hour").put(TABLE)
    with pytest.raises(UnsupportedTypeError, match="more than 5 folders") as caught:
        hive("n", max_folders=5).put(TABLE)
    assert "max_folders" in caught.value.help
    assert hive("n", max_folders=6).put(TABLE).metadata["content"]["folders"] == 6
    for wrong in (["a", "a"], [""], [1], "a"):
        with pytest.raises(ValidationError):
            ParquetOptions(partition_by=wrong)


def test_a_stream_with_too_many_folders_is_not_taken_to_its_end(hive):
    taken = []

    def batches():
        for number in range(200_000):
            taken.append(number)
            yield pa.record_batch({"n": [number], "k": [number]})

    with pytest.raises(UnsupportedTypeError, match="more than 500 folders"):
        hive("k", row_group_size=1000).put(batches())
    assert len(taken) <= 1001


def test_a_table_without_rows_has_its_columns(hive):
    store = hive("country")
    empty = TABLE.slice(0, 0)
    assert store.again(empty).schema == TABLE.schema
    assert names(store) == ["_common_metadata"]
    assert store.get("pyarrow.RecordBatchReader").read_all().schema == TABLE.schema


def test_bytes_depend_on_the_rows_only(hive):
    store = hive("country", row_group_size=4)
    many = pa.concat_tables([TABLE] * 5)
    version = store.put(many.combine_chunks()).data_version
    turned = pa.DictionaryArray.from_arrays([0, 1, None, 0, 1, 2], ["fr", "de", ""])
    other = pa.DictionaryArray.from_arrays([2, 0, None, 2, 0, 1], ["de", "", "fr"])
    for size in (1, 3, 100):
        assert store.put(iter(many.to_batches(max_chunksize=size))).data_version == version
    assert store.put(store.get("pyarrow.Table")).data_version == version
    found = [store.put(TABLE.set_column(1, "country", values)).data_version for values in (turned, other)]
    assert found[0] == found[1]


def test_many_rows_wait_on_disk_and_nothing_is_left(hive, monkeypatch):
    monkeypatch.setattr("flowstone.io.spool.ROWS_IN_MEMORY", 1000)
    store = hive("k", row_group_size=1000)
    table = pa.table({"n": range(20_000), "k": [number % 7 for number in range(20_000)]})
    version = store.put(table).data_version
    monkeypatch.setattr("flowstone.io.spool.ROWS_IN_MEMORY", 1 << 40)
    assert store.put(iter(table.to_batches(max_chunksize=99))).data_version == version
    loaded = store.get("pyarrow.Table")
    assert loaded.column("n").to_pylist() == [n for k in range(7) for n in range(k, 20_000, 7)]
    assert store.get("pyarrow.RecordBatchReader").read_all() == loaded
    assert list((store.manager.project_root / ".flowstone" / "cache" / "streams").iterdir()) == []


def test_what_pandas_knows_comes_back(hive):
    frame = pd.DataFrame({"a": pd.array([1, None], "Int64"), "k": ["x", "y"]}, index=pd.Index([5, 3], name="i"))
    pd.testing.assert_frame_equal(hive("k").again(frame), frame)


def test_a_check_sees_the_staged_table(hive):
    store = hive("country")
    staged = store.manager.stage(store.slot, iter(TABLE.to_batches()))
    for _ in range(2):
        loaded = store.manager.load_staged(staged, TypeExpr(name="pyarrow.Table"))
        assert loaded.column("n").to_pylist() == [5, 1, 4, 0, 3, 2]
    store.manager.discard(staged)


def test_partitions_are_read_together(hive, make_record):
    store = hive("country", on_schema_change="append")
    slots = [Slot("shop.orders", key, store.slot.options) for key in "ab"]
    values = [
        (slots[0], store.put(TABLE.select(["n", "country"]), slots[0])),
        (slots[1], store.put(TABLE, slots[1])),
    ]
    first, second = store.manager.together(values, TypeExpr(name="pyarrow.Table"))
    assert first.schema == second.schema
    assert first.column("hour").null_count == 6


def test_where_the_rows_lie_may_change(hive):
    store = hive("country")
    store.put(TABLE)
    plain = Slot("shop.orders", None, ParquetOptions())
    store.put(TABLE, plain)
    assert store.get("pyarrow.Table").column("n").to_pylist() == list(range(6))


HOSTILE = (
    *("..", ".", "a/b", "/etc/passwd", "\\", "\0", "", " ", "x ", "x.", "e\u0301", "\u00e9", "%2F", "%", "=", "a=b"),
    *(NULL, f"%5F{NULL[1:]}", "CON", "\U0001f600", "x" * 4096, "\u00df" * 4096, "\n", "\u202e", "{partition}"),
)
TEXTS = st.text(max_size=40) | st.sampled_from(HOSTILE)


def _is_refused(values, column):
    try:
        return not [folder_of(column, pa.scalar(text, pa.string())) for text in values]
    except UnsupportedTypeError:
        return True


@given(st.lists(TEXTS | st.none(), min_size=1, max_size=4), TEXTS.filter(lambda name: name not in ("", "n")))
@example(["x" * 4096], "k")
@example([None, NULL, ""], "..")
@settings(max_examples=80, deadline=None)
def test_hostile_values_come_back_or_are_refused(tmp_path_factory, values, column):
    manager = ParquetManager("lake", ParquetManager.Config(), tmp_path_factory.getbasetemp() / "hostile")
    slot = Slot("orders", None, ParquetOptions(partition_by=[column]))
    table = pa.table({column: pa.array(values, pa.string()), "n": range(len(values))})
    longest = max(len((text or "").encode()) for text in values) + len(column.encode())
    if longest > 254 or (longest > 80 and _is_refused(values, column)):
        with pytest.raises(UnsupportedTypeError, match="too long for the name of a folder"):
            manager.stage(slot, table)
        return
    staged = manager.stage(slot, table)
    found = manager.load_staged(staged, TypeExpr(name="pyarrow.Table"))
    with tarfile.open(fileobj=io.BytesIO(staged.handle[0].reader().read())) as archive:
        for name in archive.getnames():
            path = PurePosixPath(name)
            assert not path.is_absolute()
            assert ".." not in path.parts
            assert unicodedata.is_normalized("NFC", name)
            assert name.isprintable()
            assert all(len(part.encode()) <= 255 for part in path.parts)
    manager.discard(staged)
    assert sorted(map(str, found.to_pylist())) == sorted(map(str, table.to_pylist()))


@given(TEXTS.filter(bool), TEXTS)
def test_two_values_never_share_a_folder(one, other):
    try:
        folders = {folder_of("k", pa.scalar(text)) for text in (one, other)}
    except UnsupportedTypeError:
        return
    assert len(folders) == len({one, other})


@pytest.mark.parametrize("folder", ["other=1", "k", "k=x", "k=99999", "k=%ff", ""])
def test_folders_that_tell_nothing_are_damage(folder):
    with pytest.raises(DamagedError):
        value_in(folder, "k", pa.int8())


@pytest.mark.parametrize("content", [b"", b"x" * 600, b"\0" * 10240])
def test_a_file_that_is_no_folder_is_damage(content, tmp_path):
    with pytest.raises(StorageError):
        HiveSource(io.BytesIO(content), ["k"], tmp_path)
