"""What all managers of tables promise, whichever database it is."""

import threading
from itertools import count

import pytest

from flowstone.io.contract import Slot
from flowstone.io.duckdb import DuckdbManager
from flowstone.io.postgres import PostgresManager
from flowstone.testing.io_actions import open_manager, store

pa = pytest.importorskip("pyarrow")

_NUMBERS = count()
TABLE = pa.table({"n": [1, 2, 3]})


@pytest.fixture(params=[DuckdbManager, PostgresManager])
def manager(request, tmp_path):
    if request.param is DuckdbManager:
        return open_manager(DuckdbManager, {}, tmp_path)
    config = {"dsn": request.getfixturevalue("postgres_server"), "schema": f"tables_{next(_NUMBERS)}"}
    return open_manager(PostgresManager, config, tmp_path)


def slot(asset="shop.orders", partition=None):
    return Slot(asset, partition, DuckdbManager.AssetOptions(table="orders"))


@pytest.mark.parametrize("partition", [None, "x"])
def test_deleting_leaves_the_rows_of_another_asset(manager, partition):
    """Two projects, or two versions of one, may name the same table."""
    record = store(manager, slot(partition=partition), TABLE)
    assert not manager.delete(slot("other"))
    assert not manager.delete(slot("other", "x"))
    manager.verify(slot(partition=partition), record)


def test_deleting_the_value_of_an_asset_that_was_partitioned_leaves_the_partitions(manager):
    kept = [(slot(partition=key), store(manager, slot(partition=key), TABLE)) for key in ("x", "y")]
    assert not manager.delete(slot())
    for where, record in kept:
        manager.verify(where, record)


def test_readers_find_a_whole_value_while_columns_change(manager):
    tables = [pa.table({"a": [1, 2]}), pa.table({"b": ["x"], "c": [1.5]})]
    store(manager, slot(), tables[0])

    def write():
        for number in range(40):
            store(manager, slot(), tables[number % 2])

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while writer.is_alive():
        _, value = manager.read(slot(), None)
        seen.add(tuple(value.column_names))
        assert value in tables
    writer.join()
    assert seen <= {("a",), ("b", "c")}
