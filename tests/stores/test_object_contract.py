"""The file stores pass the contract suite in an object store, over HTTP."""

import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import obstore
import obstore.exceptions
import pytest
from pydantic import ValidationError

from flowstone.errors import FlowStoneError, MissingExtraError, StorageError
from flowstone.io.contract import Slot
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.object_store import STEPS
from flowstone.io.parquet import ParquetManager
from flowstone.io.store import RECORDS
from flowstone.testing.io_actions import CRASHED, Task, dotted, open_manager, slot_of, start, store
from flowstone.testing.io_contract import IoContract

_NUMBERS = count()


@pytest.fixture
def config(objects):
    return {"root": f"{objects.url}/run-{next(_NUMBERS)}/deep", "storage_options": objects.options}


@pytest.fixture
def bucket(objects):
    return objects.client()


class Tomorrow(datetime):
    """A clock by which what has been left is old."""

    @classmethod
    def now(cls, zone=None):
        return datetime.now(zone) + timedelta(days=1, hours=1)


def names(bucket, manager):
    return sorted(item["path"] for page in obstore.list(bucket, str(manager.root)) for item in page)


class TestObjects(IoContract):
    @pytest.fixture(params=[FilesystemManager, ParquetManager])
    def manager_type(self, request):
        return request.param

    @pytest.fixture
    def config(self, config):
        return config

    @pytest.fixture(autouse=True)
    def _bucket(self, bucket):
        self.bucket = bucket

    def damage(self, manager, how):
        found = [name for name in names(self.bucket, manager) if RECORDS not in name]
        target, other = (next(name for name in found if Path(name).name.startswith(f"{key}.")) for key in ("x", "y"))
        data = bytes(obstore.get(self.bucket, target).bytes())
        if how == "deleted":
            obstore.delete(self.bucket, target)
            return
        middle = len(data) // 2
        obstore.put(
            self.bucket,
            target,
            {
                "truncated": data[:-1],
                "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
                "longer": data + b" ",
                "empty": b"",
                "swapped": bytes(obstore.get(self.bucket, other).bytes()),
            }[how],
        )

    def damage_record(self, manager, content):
        (found,) = (name for name in names(self.bucket, manager) if name.endswith("/x.json") and RECORDS in name)
        obstore.put(self.bucket, found, content)

    def leftovers_of(self, staged):
        return []

    def leftovers(self, manager):
        """Values of which there is more than one version, or no record."""
        found = names(self.bucket, manager)
        records = {Path(name).stem for name in found if RECORDS in name}
        values = [Path(name).name.partition(".")[0] for name in found if RECORDS not in name]
        return [name for name in values if name not in records or values.count(name) > 1]

    def test_crash_at_any_step_leaves_a_value_that_is_whole(self, manager, sample, project_root, config):
        """As the suite has it, but what is left is young, and is removed a day later."""
        for step in STEPS:
            store(manager, slot_of(manager, step), sample.make(1))
            task = Task(dotted(manager), config, str(project_root), [sample.name], step, [2], crash_at=step)
            child = start(task)
            child.communicate()
            assert child.returncode == CRASHED, step
            self.check_readers_view(manager, sample, step)
        assert manager.clean() == 0
        left = self.leftovers(manager)
        assert sorted(set(left)) == ["data-put", "record-noted", "record-put"]


def test_what_dead_writers_left_is_removed_after_a_day(manager, bucket, monkeypatch):
    record = store(manager, slot_of(manager, "x"), 1)
    orphan = f"{manager.root}/shop.orders/x.v0123456789abcdef.json"
    stranger = f"{manager.root}/notes.json"
    obstore.put(bucket, orphan, b"1")
    obstore.put(bucket, stranger, b"1")
    assert manager.clean() == 0

    monkeypatch.setattr("flowstone.io.object_store.datetime", Tomorrow)
    assert manager.clean() == 1
    assert orphan not in names(bucket, manager)
    assert stranger in names(bucket, manager)
    assert manager.intact(slot_of(manager, "x"), record)


@pytest.fixture
def manager(config, tmp_path):
    return open_manager(FilesystemManager, config, tmp_path)


def test_values_lie_where_their_path_says(manager, bucket):
    options = FilesystemManager.AssetOptions(path="raw/{partition}/orders.json")
    store(manager, Slot("orders", "2024-01-01", options), [1])
    store(manager, Slot("orders", "2024-01-01", options), [2])
    record, value = names(bucket, manager)
    assert record == f"{manager.root}/.records/partitions/orders/2024-01-01.json"
    assert re.fullmatch(rf"{manager.root}/raw/2024-01-01/orders\.v[0-9a-f]{{16}}\.json", value)


def test_a_file_is_loaded_as_a_file_of_this_machine(manager, tmp_path):
    source = tmp_path / "picture.png"
    source.write_bytes(b"\x89PNG" * 1000)
    store(manager, slot_of(manager), source)
    _, loaded = manager.read(slot_of(manager), None)
    assert loaded.suffix == ".png"
    assert loaded.read_bytes() == source.read_bytes()
    assert loaded.is_relative_to(tmp_path / ".flowstone")


def test_a_folder_is_one_object(manager, bucket, tmp_path):
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "weights").write_bytes(b"\1" * 100_000)
    store(manager, slot_of(manager), tmp_path / "model")
    assert [Path(name).suffix for name in names(bucket, manager)] == [".json", ".tar"]
    _, loaded = manager.read(slot_of(manager), None)
    assert (loaded / "deep" / "weights").read_bytes() == b"\1" * 100_000
    assert loaded.is_relative_to(tmp_path / ".flowstone")


def test_a_large_value_goes_in_parts(manager):
    value = bytes(range(256)) * 4 * 30_000
    store(manager, slot_of(manager), value)
    assert manager.read(slot_of(manager), None)[1] == value


def test_writers_of_one_key_never_mix(manager, config, tmp_path):
    code = (
        "import sys, json; from pathlib import Path; from flowstone.testing.io_actions import *\n"
        "from flowstone.io.filesystem import FilesystemManager\n"
        "m = open_manager(FilesystemManager, json.loads(sys.argv[1]), Path(sys.argv[2]))\n"
        "for _ in range(4): store(m, slot_of(m, 'x'), int(sys.argv[3]))\n"
    )
    arguments = [sys.executable, "-c", code, json.dumps(config), str(tmp_path)]
    children = [subprocess.Popen([*arguments, str(number)]) for number in range(8)]
    assert [child.wait() for child in children] == [0] * 8
    record, value = manager.read(slot_of(manager, "x"), None)
    assert value in range(8)
    assert manager.intact(slot_of(manager, "x"), record)


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://127.0.0.1:1"},
        {"no_such_option": "x"},
    ],
    ids=str,
)
def test_what_cannot_be_reached_is_said_without_the_secret(objects, tmp_path, wrong):
    config = {"root": objects.url.replace("bucket", "nowhere"), "storage_options": {**objects.options, **wrong}}
    manager = open_manager(FilesystemManager, config, tmp_path)
    with pytest.raises(FlowStoneError) as caught:
        manager.record(slot_of(manager))
    assert "canary" not in repr(caught.value)


@pytest.mark.parametrize(
    "config",
    [
        {"root": "s3://"},
        {"root": "s3://bucket/../other"},
        {"root": "s3://user:password@bucket/x"},
        {"root": "az://"},
        {"root": "az://Container/x"},
        {"root": "abfs://container/x"},
        {"root": "s3://bucket", "storage_options": {"endpoint": "not a url"}},
        {"root": "folder", "storage_options": {"region": "x"}},
    ],
    ids=str,
)
def test_a_root_that_cannot_be_is_refused_before_anything_runs(config):
    with pytest.raises(ValidationError):
        FilesystemManager.Config.model_validate(config)


def test_a_bucket_that_is_not_there_is_no_missing_value(objects, tmp_path):
    config = {"root": objects.url.replace("bucket", "nowhere"), "storage_options": objects.options}
    manager = open_manager(FilesystemManager, config, tmp_path)
    for look in (manager.record, lambda slot: list(manager.partitions(slot)), lambda slot: store(manager, slot, 1)):
        with pytest.raises(StorageError, match=rf"shop\.orders: .* 404 Not Found: {objects.missing}") as caught:
            look(slot_of(manager))
        assert "\n" not in str(caught.value)


def test_a_record_that_may_have_been_put_keeps_its_data(manager, monkeypatch):
    store(manager, slot_of(manager), 1)
    real = obstore.put

    def put(store, path, *arguments, **options):
        real(store, path, *arguments, **options)
        if RECORDS in path:  # the answer is lost
            raise obstore.exceptions.GenericError("connection reset")

    with monkeypatch.context() as patch:
        patch.setattr(obstore, "put", put)
        with pytest.raises(StorageError, match=r"shop\.orders: cannot publish .* connection reset"):
            store(manager, slot_of(manager), 2)
    assert manager.read(slot_of(manager), None)[1] == 2


def test_a_writer_that_always_comes_late_gives_up_and_names_the_asset(manager, bucket, monkeypatch):
    store(manager, slot_of(manager), 1)
    monkeypatch.setattr("flowstone.io.object_store.FIRST_PAUSE", 0)
    real = manager.store._noted
    seen = []

    def noted(*arguments):
        condition, old = real(*arguments)
        seen.append(condition)
        obstore.put(bucket, f"{manager.root}/.records/assets/shop.orders.json", old + b" " * len(seen))  # by others
        return condition, old

    monkeypatch.setattr(manager.store, "_noted", noted)
    with pytest.raises(StorageError, match=r"shop\.orders: cannot publish .* others have replaced its record 50 times"):
        store(manager, slot_of(manager), 2)
    assert len(seen) == 50
    assert manager.read(slot_of(manager), None)[1] == 1
    assert len([name for name in names(bucket, manager) if RECORDS not in name]) == 1


@pytest.mark.parametrize(("root", "extra"), [("s3://bucket", "s3"), ("az://container", "azure")])
def test_the_extra_that_is_missing_is_named(root, extra, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    manager = open_manager(FilesystemManager, {"root": root}, tmp_path)
    with pytest.raises(MissingExtraError) as caught:
        manager.record(slot_of(manager))
    assert f"flowstone[{extra}]" in str(caught.value.help)


def test_cleaning_leaves_what_belongs_to_a_store_inside(manager, config, bucket, tmp_path, monkeypatch):
    inner = open_manager(FilesystemManager, {**config, "root": f"{config['root']}/inner"}, tmp_path)
    slot = slot_of(inner, "x")
    record = store(inner, slot, 1)
    monkeypatch.setattr("flowstone.io.object_store.datetime", Tomorrow)
    assert manager.clean() == 0
    inner.verify(slot, record)


def test_cleaning_does_not_mind_a_record_that_is_deleted_meanwhile(manager, bucket, monkeypatch):
    slots = [slot_of(manager, key) for key in ("x", "y")]
    kept = [store(manager, slot, 1) for slot in slots][1]
    real = manager.store.read

    def read(place):
        if place.endswith("/x.json"):
            obstore.delete(bucket, f"{manager.root}/{place}")
        return real(place)

    monkeypatch.setattr(manager.store, "read", read)
    assert manager.clean() == 0
    manager.verify(slots[1], kept)


def test_deleting_a_damaged_value_leaves_the_files_of_others(manager, bucket):
    store(manager, slot_of(manager, "x"), 1)
    stranger = f"{manager.root}/shop.orders/x.json"
    obstore.put(bucket, stranger, b"theirs")
    (name,) = (name for name in names(bucket, manager) if RECORDS in name)
    obstore.put(bucket, name, b"{")
    assert manager.delete(slot_of(manager, "x"))
    assert stranger in names(bucket, manager)
