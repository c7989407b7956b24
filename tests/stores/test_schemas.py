"""Two who store the first partitions of an asset at once, with other columns: one of them is told so, everywhere."""

import threading
from itertools import count

import pytest

from flowstone.errors import StorageError
from flowstone.io.contract import Slot
from flowstone.io.parquet import ParquetManager
from flowstone.io.paths import schema_place
from flowstone.io.store import Note
from flowstone.testing.io_actions import open_manager, store

pa = pytest.importorskip("pyarrow")

_NUMBERS = count()
TABLES = [pa.table({"a": [1]}), pa.table({"b": [1]})]
ROUNDS = 4


def slot(partition, **options):
    return Slot("orders", partition, ParquetManager.AssetOptions(**options))


def race(config, tmp_path):
    barrier, errors = threading.Barrier(len(TABLES)), []

    def write(number):
        own = open_manager(ParquetManager, config, tmp_path)
        own.record(slot(str(number)))
        barrier.wait()
        try:
            store(own, slot(str(number)), TABLES[number])
        except StorageError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(len(TABLES))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    manager = open_manager(ParquetManager, config, tmp_path)
    (record,) = manager.records(slot(None))
    assert len(errors) == 1
    assert "its columns are not those of the partitions" in errors[0]
    return manager, record


@pytest.fixture
def places(request, tmp_path):
    """Makes a configuration with a root of its own."""

    def make(server):
        return {"root": f"{server.url}/schemas-{next(_NUMBERS)}", "storage_options": server.options}

    return make


def policy(manager, record):
    """The columns grow if that is said, and what is left over is nobody's."""
    (name,) = record.metadata["content"]["schema"]
    wider = pa.table({name: [1], "c": ["x"]})
    with pytest.raises(StorageError, match="'c' is new"):
        store(manager, slot("9"), wider)
    store(manager, slot("9", on_schema_change="append"), wider)
    store(manager, slot("9", on_schema_change="append"), wider)
    place = schema_place(slot("9"))
    seen = manager.store.read_note(place)
    assert b'"c": "string"' in seen.content
    assert not manager.store.put_note(place, b"{}\n", None)
    assert not manager.store.put_note(place, b"{}\n", Note(b"other", {"e_tag": '"0"'}))
    assert manager.store.read_note(place).content == seen.content
    assert manager.clean() == 0


def test_in_an_object_store(objects, places, tmp_path):
    for _ in range(ROUNDS):
        manager, record = race(places(objects), tmp_path)
    policy(manager, record)


def test_by_fsspec(remote, places, tmp_path):
    for _ in range(ROUNDS):
        config = places(remote)
        manager, record = race(config, tmp_path)
    policy(manager, record)
    notes = [name for name in remote.names(config["root"].rpartition("/")[2]) if "/schemas/" in name]
    assert len(notes) == 1
