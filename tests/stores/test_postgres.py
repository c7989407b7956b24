"""What is particular to the ``postgres`` manager, on a real server."""

import json
import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowstone.errors import DamagedError, NotMaterializedError, StorageError, UnsupportedTypeError
from flowstone.io.contract import Slot
from flowstone.io.postgres import PostgresManager
from flowstone.ir.types import TypeExpr
from flowstone.testing.io_actions import Task, dotted, open_manager, start, store

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

_NUMBERS = count()


@pytest.fixture
def schema():
    return f"particular_{next(_NUMBERS)}"


@pytest.fixture
def config(postgres_server, schema):
    return {"dsn": postgres_server, "schema": schema}


@pytest.fixture
def manager(config, tmp_path):
    return open_manager(PostgresManager, config, tmp_path)


@pytest.fixture
def execute(postgres_server, schema):
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        yield lambda statement, *values: connection.execute(statement.replace("SCHEMA", schema), values)


def slot(partition=None, asset="shop.orders", **options):
    return Slot(asset, partition, PostgresManager.AssetOptions.model_validate(options))


def again(manager, where, value, type=None):
    store(manager, where, value)
    return manager.read(where, type)[1]


ARROW = {
    "bool": (pa.bool_(), st.booleans()),
    "int8": (pa.int8(), st.integers(-(2**7), 2**7 - 1)),
    "uint16": (pa.uint16(), st.integers(0, 2**16 - 1)),
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "float32": (pa.float32(), st.floats(width=32)),
    "float64": (pa.float64(), st.floats()),
    "text": (pa.string(), st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
    "large text": (pa.large_string(), st.sampled_from(["", '"', "\\.", "\\N", "a\n\\.\nb", ",", "\r\n", "'", " x "])),
    "bytes": (pa.binary(), st.binary(max_size=20)),
    "date": (pa.date32(), st.dates()),
    "time": (pa.time64("us"), st.times()),
    "naive": (pa.timestamp("us"), st.datetimes()),
    "zoned": (pa.timestamp("us", "Europe/Berlin"), st.datetimes(timezones=st.just(UTC), min_value=datetime(2, 1, 1))),
    "seconds": (pa.timestamp("s"), st.datetimes().map(lambda moment: moment.replace(microsecond=0))),
    "duration": (pa.duration("us"), st.timedeltas(timedelta(-1000), timedelta(1000))),
    "decimal": (pa.decimal128(20, 4), st.integers(-(10**15), 10**15).map(lambda n: Decimal(n) / 10000)),
    "categories": (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["a", "b", ""])),
    "list": (pa.list_(pa.int64()), st.lists(st.none() | st.integers(-5, 5), max_size=3)),
    "struct": (
        pa.struct([("d", pa.date32()), ("s", pa.string())]),
        st.fixed_dictionaries({"d": st.dates(), "s": st.none() | st.just("x")}),
    ),
    "nothing": (pa.null(), st.none()),
}


@st.composite
def tables(draw):
    names = draw(st.lists(st.sampled_from(sorted(ARROW)), min_size=1, max_size=6, unique=True))
    rows = draw(st.integers(0, 6))
    columns = {
        name: pa.array(draw(st.lists(st.none() | ARROW[name][1], min_size=rows, max_size=rows)), ARROW[name][0])
        for name in names
    }
    return pa.table(columns)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables())
def test_any_table_comes_back_as_it_was(manager, table):
    loaded = again(manager, slot(), table, TypeExpr(name="pyarrow.Table"))
    assert loaded.schema == table.schema
    assert str(loaded.to_pylist()) == str(table.to_pylist())


def test_the_order_of_the_rows_is_kept(manager):
    frame = pl.DataFrame({"n": random.Random(7).sample(range(5000), 5000)})
    for _ in range(3):  # later rows fill the holes that earlier ones left
        assert again(manager, slot("x"), frame).equals(frame)


def test_times_finer_than_a_microsecond_are_refused(manager):
    table = pa.table({"at": pa.array([1, 1001], pa.timestamp("ns"))})
    with pytest.raises(UnsupportedTypeError, match=r"shop\.orders.*without loss"):
        store(manager, slot(), table)
    whole = pa.table({"at": pa.array([1000, None], pa.timestamp("ns"))})
    assert again(manager, slot(), whole).equals(whole)


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64, "ü" * 32, "_flowstone_row", "_flowstone_partition"])
def test_a_column_name_that_postgres_lacks_is_refused(manager, name):
    with pytest.raises(UnsupportedTypeError, match=r"shop\.orders"):
        store(manager, slot(), pa.table({name: [1]}))


def test_a_text_with_nul_is_refused_and_nothing_is_left(manager):
    with pytest.raises(UnsupportedTypeError, match=r"shop\.orders: Postgres cannot hold a value"):
        store(manager, slot(), pa.table({"text": ["a\0b"]}))
    assert manager.record(slot()) is None
    assert again(manager, slot(), [1]) == [1]


def test_users_find_plain_columns(manager, execute):
    frame = pl.DataFrame({"Day": [date(2024, 1, 1)], "at": [time(12)], "n": [1], "x; DROP TABLE y": ["q'"]})
    store(manager, slot("2024-01-01", table='Order"s'), frame)
    found = execute('SELECT "Day", "at", n, "x; DROP TABLE y" FROM SCHEMA."Order""s"').fetchall()
    assert found == [(date(2024, 1, 1), time(12), 1, "q'")]
    store(manager, slot(asset="shop.totals"), {"n": [1, None]})
    assert execute("SELECT value->'n'->>0 FROM SCHEMA.shop__totals").fetchone() == ("1",)


HOSTILE = ['"', "'; DROP SCHEMA public CASCADE; --", "%s", "{}", "a.b", "ß", "select", " ", "$1", "\\", "x" * 63]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_tables_schemas_and_columns_are_only_names(postgres_server, tmp_path, name, execute):
    manager = open_manager(PostgresManager, {"dsn": postgres_server, "schema": name}, tmp_path)
    where = slot(name, table=name)
    frame = pl.DataFrame({name: [1, 2]})
    assert again(manager, where, frame).equals(frame)
    found = execute(
        "SELECT count(*) FROM pg_tables WHERE schemaname = %s AND tablename = %s",
        name,
        name,
    )
    assert found.fetchone() == (1,)
    assert manager.delete(where)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.sampled_from(["x" * 4000, "\0", "\ud800", "..", "'", "ä", "a\u0308"])
)
def test_any_partition_key_is_kept_or_refused(manager, key):
    other = slot("other")
    store(manager, other, 1)
    if not key or "\0" in key or "\ud800" in key or len(key) > 1000:
        with pytest.raises(StorageError, match=r"shop\.orders"):
            store(manager, slot(key), key)
    else:
        store(manager, slot(key), key)
        assert manager.read(slot(key), None)[1] == key
        manager.delete(slot(key))
    assert manager.read(other, None)[1] == 1


class TestSchemaChanges:
    def test_an_unpartitioned_asset_may_change_its_columns(self, manager):
        store(manager, slot(), pl.DataFrame({"a": [1]}))
        changed = pl.DataFrame({"b": ["x"], "a": ["1"]})
        assert again(manager, slot(), changed).equals(changed)
        assert again(manager, slot(), [1, 2]) == [1, 2]

    def test_a_partitioned_one_may_not_unless_it_says_so(self, manager):
        store(manager, slot("x"), pl.DataFrame({"a": [1]}))
        with pytest.raises(StorageError, match="'b' is new") as caught:
            store(manager, slot("y"), pl.DataFrame({"a": [1], "b": [2]}))
        assert "on_schema_change" in caught.value.help
        assert manager.read(slot("x"), None)[1].equals(pl.DataFrame({"a": [1]}))
        assert manager.record(slot("y")) is None

    def test_new_columns_are_appended(self, manager):
        old = pl.DataFrame({"a": [1]})
        store(manager, slot("x"), old)
        new = pl.DataFrame({"b": [2.5], "a": [1]})
        store(manager, slot("y", on_schema_change="append"), new)
        assert manager.read(slot("x"), None)[1].equals(old)
        assert manager.read(slot("y"), None)[1].equals(new)
        with pytest.raises(StorageError, match="'a' is text and was bigint"):
            store(manager, slot("z", on_schema_change="append"), pl.DataFrame({"a": ["1"], "b": [1.0]}))

    def test_a_table_with_other_partitions_is_not_made_anew(self, manager):
        store(manager, slot("x"), pl.DataFrame({"a": [1]}))
        changed = pl.DataFrame({"c": [1]})
        assert again(manager, slot("x", on_schema_change="replace"), changed).equals(changed)
        store(manager, slot("y"), changed)
        with pytest.raises(StorageError, match="holds 2 partitions"):
            store(manager, slot("y", on_schema_change="replace"), pl.DataFrame({"a": [1]}))


class TestWhatIsNotOurs:
    def test_a_table_of_somebody_else_is_not_touched(self, manager, execute):
        store(manager, slot(asset="other"), 1)
        execute("CREATE TABLE SCHEMA.theirs (a int)")
        execute("INSERT INTO SCHEMA.theirs VALUES (7)")
        with pytest.raises(StorageError, match="not made by FlowStone"):
            store(manager, slot(table="theirs"), pl.DataFrame({"a": [1]}))
        assert not manager.delete(slot(table="theirs"))
        assert execute("SELECT a FROM SCHEMA.theirs").fetchall() == [(7,)]

    def test_a_table_of_another_asset_is_not_touched(self, manager):
        store(manager, slot(asset="one", table="both"), [1])
        with pytest.raises(StorageError, match="not that of 'two'"):
            store(manager, slot(asset="two", table="both"), [2])
        assert manager.read(slot(asset="one", table="both"), None)[1] == [1]

    def test_tables_of_a_newer_release_are_refused(self, manager, config, execute, tmp_path):
        store(manager, slot(), 1)
        execute("INSERT INTO SCHEMA.flowstone_version VALUES (99)")
        with pytest.raises(StorageError, match="newer FlowStone"):
            store(open_manager(PostgresManager, config, tmp_path), slot(), 2)

    @pytest.mark.parametrize("name", ["flowstone_records", "flowstone_version"])
    def test_our_own_tables_are_no_place_for_an_asset(self, manager, name):
        with pytest.raises(StorageError, match="taken by FlowStone"):
            store(manager, slot(table=name), 1)

    def test_rows_that_somebody_changed_are_reported(self, manager, execute):
        record = store(manager, slot(), pl.DataFrame({"a": [1, 2]}))
        execute("UPDATE SCHEMA.shop__orders SET a = 3 WHERE a = 2")
        assert not manager.intact(slot(), record)
        with pytest.raises(DamagedError, match="not those of the record"):
            manager.load(slot(), record, None)
        execute("DROP TABLE SCHEMA.shop__orders")
        with pytest.raises(NotMaterializedError):
            manager.load(slot(), record, None)


class TestFaults:
    @pytest.mark.parametrize(
        "dsn", ["postgresql://u:canary-5@127.0.0.1:1/x", "canary-5", "host=/nowhere password=canary-5"]
    )
    def test_no_message_holds_the_password(self, tmp_path, dsn):
        manager = open_manager(PostgresManager, {"dsn": dsn, "connect_timeout": 2}, tmp_path)
        with pytest.raises(StorageError) as caught:
            manager.record(slot())
        chain, error = [], caught.value
        while error is not None:
            chain.append(f"{error!r} {getattr(error, 'help', '')}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        assert "canary" not in " ".join(chain)
        assert "shop.orders" in chain[0] or "dsn of the IO manager" in chain[0]

    def test_a_connection_that_broke_is_replaced(self, manager, execute):
        store(manager, slot(), 1)
        execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'flowstone' AND pid <> pg_backend_pid()"
        )
        assert again(manager, slot(), 2) == 2

    def test_the_first_partitions_may_be_stored_at_once(self, config, tmp_path):
        for attempt in range(8):
            managers = [open_manager(PostgresManager, config, tmp_path) for _ in range(4)]
            start_together = threading.Barrier(4)

            def write(number, asset=f"first.asset_{attempt}", managers=managers, barrier=start_together):
                manager = managers[number]
                manager.record(slot(asset=asset))  # connected
                barrier.wait(30)
                return store(manager, slot(f"key-{number}", asset), pl.DataFrame({"n": [number]}))

            with ThreadPoolExecutor(4) as pool:
                records = list(pool.map(write, range(4)))
            assert [item.partition for item in managers[0].records(slot(asset=f"first.asset_{attempt}"))] == [
                item.partition for item in records
            ]

    def test_writers_of_one_key_never_mix(self, manager, config, tmp_path):
        where = slot("x")
        versions = {store(manager, where, n).data_version: n for n in range(16)}
        code = (
            "import sys, json; from pathlib import Path; from flowstone.testing.io_actions import *\n"
            "from flowstone.io.postgres import PostgresManager\n"
            "m = open_manager(PostgresManager, json.loads(sys.argv[1]), Path(sys.argv[2]))\n"
            "for _ in range(12): store(m, slot_of(m, 'x'), int(sys.argv[3]))\n"
        )
        children = [
            subprocess.Popen([sys.executable, "-c", code, json.dumps(config), str(tmp_path), str(number)])
            for number in range(16)
        ]
        while any(child.poll() is None for child in children):
            record, value = manager.read(where, None)
            assert versions[record.data_version] == value
        assert [child.returncode for child in children] == [0] * 16

    def test_a_killed_writer_leaves_the_old_value_or_the_new_one(self, manager, config, tmp_path):
        where, seed = slot("x"), random.Random(11)
        versions = {store(manager, where, 10**30 + n).data_version: n for n in (1, 2)}
        for _ in range(15):
            child = start(Task(dotted(manager), config, str(tmp_path), ["int"], "x", [1, 2] * 5000))
            before = manager.record(where).finished_at
            while manager.record(where).finished_at == before:
                assert child.poll() is None
            for _ in range(seed.randrange(40)):
                manager.record(where)
            child.send_signal(signal.SIGKILL)
            child.communicate()
            record, value = manager.read(where, None)
            assert value == 10**30 + versions[record.data_version]
            assert again(manager, where, 10**30 + 1) == 10**30 + 1  # nobody holds a lock
