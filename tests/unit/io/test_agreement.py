"""What happens when the columns of a parquet file are others than those of the partitions that are there."""

import json
import shutil
import subprocess
import sys
import threading
from itertools import islice

import pytest

from flowstone.errors import StorageError
from flowstone.io.contract import ASIDE, Slot
from flowstone.io.parquet import ParquetManager
from flowstone.io.paths import schema_place
from flowstone.ir.types import TypeExpr
from flowstone.testing.io_actions import open_manager, store

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

FORMS = ["polars.DataFrame", "pandas.DataFrame", "pyarrow.Table", "pyarrow.RecordBatchReader", "Iterator"]


@pytest.fixture
def manager(tmp_path):
    return open_manager(ParquetManager, {}, tmp_path)


def slot(partition=None, asset="shop.orders", **options):
    return Slot(asset, partition, ParquetManager.AssetOptions(**options))


def note(manager):
    return manager.root / schema_place(slot())


def batches(table):
    return iter(table.to_batches())


A = pa.table({"a": [1]})
AB = pa.table({"b": ["x"], "a": [2]})
TEXT = pa.table({"a": ["x"]})


def test_partitions_have_the_same_columns_by_default(manager):
    store(manager, slot("x"), A)
    with pytest.raises(StorageError) as caught:
        store(manager, slot("y"), AB)
    assert "shop.orders[y]" in str(caught.value)
    assert "'b' is new" in str(caught.value)
    assert "before (a: int64), now (b: string, a: int64)" in str(caught.value)
    assert 'on_schema_change="append"' in caught.value.help
    assert manager.record(slot("y")) is None
    assert manager.read(slot("x"), None)[1].equals(A)


def test_a_stream_fails_before_it_is_taken(manager):
    store(manager, slot("x"), A)
    rest = batches(pa.concat_tables([AB] * 3))
    with pytest.raises(StorageError, match="'b' is new"):
        manager.stage(slot("y"), rest)
    assert len(list(rest)) == 2


def test_how_texts_are_encoded_gaps_and_order_are_no_change(manager):
    store(manager, slot("x"), pa.table({"t": pa.nulls(1), "a": [1]}))
    store(manager, slot("y"), pl.DataFrame({"a": [1], "t": ["x"]}))
    store(manager, slot("z"), pd.DataFrame({"a": [1], "t": pd.Categorical(["x"])}))
    with pytest.raises(StorageError, match="'t' is int64 and was"):
        store(manager, slot("z"), pa.table({"a": [1], "t": [1]}))


def test_columns_are_appended_and_types_widened_if_that_is_said(manager):
    append = {"on_schema_change": "append"}
    store(manager, slot("x"), A)
    store(manager, slot("y", **append), AB)
    store(manager, slot("z", **append), pa.table({"a": [0.5]}))
    assert manager.read(slot("x"), None)[1].equals(A)
    with pytest.raises(StorageError, match="'a' is string and was double"):
        store(manager, slot("z", **append), TEXT)


def test_columns_are_replaced_while_no_other_partition_is_there(manager):
    replace = {"on_schema_change": "replace"}
    store(manager, slot("x"), A)
    store(manager, slot("x", **replace), TEXT)
    with pytest.raises(StorageError) as caught:
        store(manager, slot("y", **replace), AB)
    assert caught.value.help.startswith("1 other partitions are stored")
    store(manager, slot("y", **replace), TEXT)


def test_without_partitions_the_last_value_says(manager):
    store(manager, slot(), A)
    store(manager, slot(), TEXT)
    with pytest.raises(StorageError, match="not those of the value before: 'a' is int64 and was string"):
        store(manager, slot(on_schema_change="fail"), A)
    with pytest.raises(StorageError, match="value before"):
        manager.stage(slot(on_schema_change="append"), batches(A))
    store(manager, slot(on_schema_change="append"), pa.table({"a": ["x"], "b": [1]}))
    assert not note(manager).exists()


def test_when_all_is_deleted_any_columns_may_come(manager):
    store(manager, slot("x"), A)
    assert manager.delete(slot("x"))
    store(manager, slot("y"), TEXT)
    with pytest.raises(StorageError):
        store(manager, slot("x"), A)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"version": 1, "arrow": "x"}'])
def test_a_note_that_is_gone_or_damaged_is_made_anew_by_what_is_stored(manager, content):
    store(manager, slot("x"), A)
    if content is None:
        note(manager).unlink()
    else:
        note(manager).write_bytes(content)
    with pytest.raises(StorageError, match="'b' is new"):
        store(manager, slot("y"), AB)
    store(manager, slot("y"), A)
    assert json.loads(note(manager).read_bytes())["columns"] == {"a": "int64"}


def test_whoever_removes_all_that_is_stored_may_begin_anew(manager):
    store(manager, slot("x"), A)
    shutil.rmtree(manager.root)
    store(manager, slot("y"), TEXT)
    assert json.loads(note(manager).read_bytes())["columns"] == {"a": "string"}


def test_a_note_of_a_newer_release_is_left_alone(manager):
    store(manager, slot("x"), A)
    note(manager).write_bytes(b'{"version": 2}\n')
    with pytest.raises(StorageError, match="newer FlowStone"):
        store(manager, slot("y"), A)
    assert note(manager).read_bytes() == b'{"version": 2}\n'


def test_what_waits_to_be_approved_is_looked_at_when_it_is_published(manager):
    store(manager, slot("x", asset=f"{ASIDE}.orders"), A)
    store(manager, slot("y", asset=f"{ASIDE}.orders"), TEXT)
    assert not list(manager.root.rglob("columns.json"))


def test_storing_looks_at_no_other_partition(manager, monkeypatch):
    for number in range(3):
        store(manager, slot(f"{number}"), A)
    monkeypatch.setattr(manager.store, "names", lambda folder: pytest.fail(f"{folder} is listed"))
    monkeypatch.setattr(manager.store, "record_names", lambda folder: pytest.fail(f"{folder} is listed"))
    store(manager, slot("9"), A)
    assert manager.record(slot("9")).partition == "9"


def test_of_writers_at_once_one_says_which_columns_there_are(tmp_path):
    """Threads with managers of their own, as processes have them: no two partitions differ afterwards."""
    tables = [pa.table({f"c{number % 3}": [number]}) for number in range(9)]
    for attempt in range(10):
        barrier = threading.Barrier(len(tables))
        errors = []

        def write(number, attempt=attempt, barrier=barrier, errors=errors):
            own = open_manager(ParquetManager, {}, tmp_path)
            barrier.wait()
            try:
                store(own, slot(f"{number}", asset=f"try{attempt}"), tables[number])
            except StorageError as error:
                errors.append(error)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(len(tables))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        manager = open_manager(ParquetManager, {}, tmp_path)
        records = list(manager.records(slot(asset=f"try{attempt}")))
        assert len(records) == 3
        assert len(errors) == 6
        assert len({str(record.metadata["content"]["schema"]) for record in records}) == 1


def test_a_writer_that_replaces_waits_for_one_that_publishes(manager, tmp_path, monkeypatch):
    """Otherwise it would see no other partition, although one with the old columns is on its way."""
    store(manager, slot("x"), A)
    other = open_manager(ParquetManager, {}, tmp_path)
    found = []

    def replace():
        try:
            store(other, slot("x", on_schema_change="replace"), TEXT)
        except StorageError as error:
            found.append(error)

    thread = threading.Thread(target=replace)

    def reached(step):
        if step == "record-written":
            thread.start()
            thread.join(0.2)
            assert thread.is_alive()

    monkeypatch.setattr(manager, "reached", reached)
    store(manager, slot("y"), A)
    thread.join()
    assert "1 other partitions" in found[0].help


def together(manager, form, *partitions):
    item = TypeExpr(name="pyarrow.RecordBatch")
    wanted = TypeExpr(name=form, args=(item,) if form == "Iterator" else ())
    values = [(slot(partition), manager.record(slot(partition))) for partition in partitions]
    for value in manager.together(values, wanted):
        yield pa.Table.from_batches(value) if form in FORMS[3:] else value


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "as_stored",
    [lambda table: table, pl.from_arrow, lambda table: table.to_pandas(), batches],
    ids=["pyarrow", "polars", "pandas", "batches"],
)
def test_partitions_that_are_read_together_have_the_same_columns(manager, form, as_stored):
    append = {"on_schema_change": "append"}
    late = pa.table({"b": pa.array(["x"]), "a": pa.array([0.5])})
    for partition, table in (("1", A), ("2", late), ("3", A)):
        store(manager, slot(partition, **append), as_stored(table))
    first, second, third = together(manager, form, "1", "2", "3")
    if form == "polars.DataFrame":
        whole = pl.concat([first, second, third]).to_arrow()
    elif form == "pandas.DataFrame":
        assert list(first.columns) == list(second.columns) == ["a", "b"]
        whole = pa.Table.from_pandas(pd.concat([first, second]), preserve_index=False)
        whole = pa.concat_tables([whole, whole.slice(0, 1)])
    else:
        whole = pa.concat_tables([first, second, third])
    assert whole.select(["a", "b"]).to_pydict() == {"a": [1.0, 0.5, 1.0], "b": [None, "x", None]}
    (alone,) = together(manager, "pyarrow.Table", "1")
    assert alone.column_names == ["a"]


def test_what_cannot_be_read_together_names_both(manager):
    store(manager, slot("1"), A)
    store(manager, slot("2", path="{partition}.parquet"), A)
    note(manager).unlink()
    (manager.root / ".records/partitions/shop.orders/1.json").rename(manager.root / "aside")
    store(manager, slot("2", on_schema_change="replace"), TEXT)
    (manager.root / "aside").rename(manager.root / ".records/partitions/shop.orders/1.json")
    with pytest.raises(StorageError) as caught:
        list(together(manager, "pyarrow.Table", "1", "2"))
    assert str(caught.value).startswith(
        "shop.orders[2]: its columns are not those of the partitions: 'a' is string and"
    )
    assert caught.value.help == "make it again: flowstone run shop.orders --partition 2 --force"


def test_equal_partitions_are_not_opened_before_they_are_asked_for(manager, monkeypatch):
    for number in range(3):
        store(manager, slot(f"{number}"), A)
    opened = []
    real = manager.store.open_verified
    monkeypatch.setattr(manager.store, "open_verified", lambda *place: opened.append(place) or real(*place))
    assert len(list(islice(together(manager, "pyarrow.Table", "0", "1", "2"), 1))) == 1
    assert len(opened) == 1


def test_a_kill_between_the_note_and_the_value_does_no_harm(manager, tmp_path):
    code = (
        "import os, sys; from pathlib import Path; import pyarrow as pa\n"
        "from flowstone.testing.io_actions import *; from flowstone.io.contract import Slot\n"
        "from flowstone.io.parquet import ParquetManager as P\n"
        "m = open_manager(P, {}, Path(sys.argv[1]))\n"
        "m.reached = lambda step: step == 'record-created' and os._exit(77)\n"
        "store(m, Slot('shop.orders', 'x', P.AssetOptions()), pa.table({'other': [1]}))\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 77
    assert note(manager).exists()
    store(manager, slot("x"), A)
    assert manager.read(slot("x"), None)[1].equals(A)
