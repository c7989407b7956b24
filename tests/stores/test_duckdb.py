"""What is particular to the ``duckdb`` manager, and its run of the contract suite."""

import subprocess
import sys
import threading
from datetime import UTC, date, datetime

import pytest

from flowstone.errors import StorageError, UnsupportedTypeError
from flowstone.io.contract import Slot
from flowstone.io.duckdb import DuckdbManager
from flowstone.io.duckdb_file import DuckdbFile
from flowstone.ir.types import TypeExpr
from flowstone.testing.io_actions import open_manager, store
from flowstone.testing.io_contract import IoContract

duckdb = pytest.importorskip("duckdb")
pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

DAMAGES = {
    "truncated": "UPDATE shop__orders SET value = left(value, 5) WHERE _flowstone_partition = 'x'",
    "flipped": "UPDATE shop__orders SET value = value || '0' WHERE _flowstone_partition = 'x'",
    "longer": "INSERT INTO shop__orders SELECT * FROM shop__orders WHERE _flowstone_partition = 'x'",
    "empty": "UPDATE shop__orders SET value = NULL WHERE _flowstone_partition = 'x'",
    "deleted": "DELETE FROM shop__orders WHERE _flowstone_partition = 'x'",
    "swapped": "UPDATE shop__orders SET value = (SELECT value FROM shop__orders WHERE _flowstone_partition = 'y') "
    "WHERE _flowstone_partition = 'x'",
}


def execute(manager, statement, *values):
    with duckdb.connect(str(manager.file.path)) as connection:
        return connection.execute(statement, values).fetchall()


class TestDuckdb(IoContract):
    @pytest.fixture
    def manager_type(self):
        return DuckdbManager

    def damage(self, manager, how):
        assert execute(manager, DAMAGES[how]) == [(1,)]

    def damage_record(self, manager, content):
        text = content.decode("latin-1")
        assert execute(manager, "UPDATE flowstone_records SET record = ? WHERE partition = 'x'", text) == [(1,)]

    def leftovers_of(self, staged):
        return []  # nothing of an open transaction can be seen

    def leftovers(self, manager):
        rows = execute(
            manager,
            "SELECT DISTINCT _flowstone_partition FROM shop__orders EXCEPT SELECT partition FROM flowstone_records",
        )
        return [row[0] for row in rows]


@pytest.fixture
def manager(tmp_path):
    return open_manager(DuckdbManager, {}, tmp_path)


def slot(partition=None, asset="shop.orders", **options):
    return Slot(asset, partition, DuckdbManager.AssetOptions.model_validate(options))


def again(manager, where, value, type=None):
    store(manager, where, value)
    return manager.read(where, type)[1]


TABLES = {
    "numbers": {"u": pa.array([2**64 - 1, None], pa.uint64()), "f": pa.array([float("nan"), -0.0])},
    "halves": {"h": pa.array([1.5, None], pa.float16())},
    "times": {
        "s": pa.array([1, None], pa.timestamp("s")),
        "ns": pa.array([1, None], pa.timestamp("ns")),
        "zone": pa.array([1, None], pa.timestamp("us", "Europe/Berlin")),
        "of day": pa.array([1, None], pa.time32("ms")),
        "long": pa.array([1, None], pa.duration("ms")),
        "d64": pa.array([86_400_000, None], pa.date64()),
    },
    "texts": {"a": ["", None], 'b"': ["\0'", "\u00df\n"], "c": pa.array(["x", None]).dictionary_encode()},
    "nested": {
        "l": [[1, None], None],
        "m": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
        "st": [{"d": date(2024, 1, 1), "t": [datetime(2024, 1, 1, tzinfo=UTC)]}, None],
    },
    "bytes": {"b": [b"\0", None], "nothing": pa.nulls(2)},
    "no rows": {"n": pa.array([], pa.int32())},
}


@pytest.mark.parametrize("name", TABLES)
def test_any_table_comes_back_as_it_was(manager, name):
    table = pa.table(TABLES[name])
    loaded = again(manager, slot("x"), table)
    assert loaded.schema == table.schema
    assert str(loaded.to_pylist()) == str(table.to_pylist())


@pytest.mark.parametrize(
    "table",
    [
        {"a": [1], "A": [2]},
        {"": [1]},
        {"a\0": [1]},
        {"_FlowStone_Row": [1]},
        {"t": pa.array([1], pa.timestamp("ns", "UTC"))},
        {"d": pa.array([1], pa.decimal256(50, 0))},
    ],
    ids=str,
)
def test_what_duckdb_lacks_is_refused(manager, table):
    with pytest.raises(UnsupportedTypeError, match=r"shop\.orders"):
        store(manager, slot(), pa.table(table))
    assert manager.record(slot()) is None


@pytest.mark.parametrize(
    "name", ['"', "'; DROP SCHEMA main; --", "?", "{}", "a.b", "ß", "select", " ", "\\", "x" * 300]
)
def test_hostile_names_are_only_names(tmp_path, name):
    manager = open_manager(DuckdbManager, {"schema": name}, tmp_path)
    frame = pl.DataFrame({name: [1, 2]})
    where = slot(name, table=name)
    assert again(manager, where, frame).equals(frame)
    found = execute(
        manager, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?", name, name
    )
    assert found == [(1,)]
    assert manager.delete(where)


def test_columns_change_by_policy_only(manager):
    store(manager, slot("x"), pl.DataFrame({"a": [1]}))
    wider = pl.DataFrame({"b": ["2"], "a": [1]})
    with pytest.raises(StorageError, match="'b' is new"):
        store(manager, slot("y"), wider)
    assert again(manager, slot("y", on_schema_change="append"), wider).equals(wider)
    assert manager.read(slot("x"), None)[1].equals(pl.DataFrame({"a": [1]}))
    with pytest.raises(StorageError, match="holds 2 partitions"):
        store(manager, slot("y", on_schema_change="replace"), pl.DataFrame({"c": [1]}))


@pytest.mark.parametrize("form", ["polars.DataFrame", "pyarrow.RecordBatchReader"])
def test_partitions_that_are_read_together_have_the_same_columns(manager, form):
    append = {"on_schema_change": "append"}
    frames = {"x": pl.DataFrame({"a": [1]}), "y": pl.DataFrame({"b": ["2"], "a": [1]})}
    values = [(slot(key), store(manager, slot(key, **append), frame)) for key, frame in frames.items()]
    found = [pl.DataFrame(value) for value in manager.together(values, TypeExpr(name=form))]
    assert pl.concat(found).rows() == [(1, None), (1, "2")]


def test_tables_of_others_are_not_touched(manager):
    store(manager, slot(asset="one", table="Both"), 1)
    with pytest.raises(StorageError, match="not that of 'two'"):
        store(manager, slot(asset="two", table="both"), 2)
    execute(manager, "CREATE TABLE theirs AS SELECT 7 AS a")
    with pytest.raises(StorageError, match="not made by FlowStone"):
        store(manager, slot(table="theirs"), pl.DataFrame({"a": [1]}))
    assert not manager.delete(slot(table="theirs"))
    assert execute(manager, "FROM theirs") == [(7,)]
    with pytest.raises(StorageError, match="taken by FlowStone"):
        store(manager, slot(table="FlowStone_Records"), 1)
    execute(manager, "INSERT INTO flowstone_version VALUES (99)")
    with pytest.raises(StorageError, match="newer FlowStone"):
        store(manager, slot(), 2)


def test_a_stranger_that_has_the_file_open_is_waited_for_and_named(tmp_path):
    manager = open_manager(DuckdbManager, {"patience": 0.2}, tmp_path)
    store(manager, slot(), 1)
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(manager.file.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as stranger:
        assert stranger.stdout.readline() == b"open\n"
        with pytest.raises(StorageError, match=r"shop\.orders: another program has had .* open for 0\.2 seconds"):
            store(manager, slot(), 2)
        stranger.stdin.close()
        stranger.wait()
    assert again(manager, slot(), 2) == 2


def test_writers_of_many_processes_take_turns(manager, tmp_path):
    code = (
        "import sys; from pathlib import Path; from flowstone.testing.io_actions import *\n"
        "from flowstone.io.duckdb import DuckdbManager\n"
        "m = open_manager(DuckdbManager, {}, Path(sys.argv[1]))\n"
        "for n in range(8): store(m, slot_of(m, sys.argv[2]), [n, sys.argv[2]])\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), f"key{n}"]) for n in range(6)]
    assert [child.wait() for child in children] == [0] * 6
    for number in range(6):
        assert manager.read(slot(f"key{number}"), None)[1] == [7, f"key{number}"]


@pytest.mark.parametrize("write", [True, False], ids=["writer", "reader"])
def test_who_has_waited_is_served_before_who_comes_again(tmp_path, write):
    greedy, patient = (DuckdbFile("contract", tmp_path / "x.duckdb", 60) for _ in range(2))
    began, done, times = threading.Event(), threading.Event(), []

    def take_again_and_again():
        while not done.is_set() and len(times) < 1000:
            with greedy.opened("a", "write", write=True):
                times.append(1)
                began.set()

    thread = threading.Thread(target=take_again_and_again)
    thread.start()
    began.wait()
    before = len(times)
    with patient.opened("b", "look", write=write):
        meanwhile = len(times) - before
    done.set()
    thread.join()
    assert meanwhile <= 3
