"""The file stores pass the contract suite where fsspec reaches them: at Google's interface, and by SFTP."""

import os
import re
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from flowstone.errors import DamagedError, FlowStoneError, StorageError
from flowstone.io.contract import Slot
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.fsspec_store import STEPS
from flowstone.io.parquet import ParquetManager
from flowstone.io.store import RECORDS
from flowstone.testing.io_actions import CRASHED, Task, dotted, open_manager, record_of, slot_of, start, store
from flowstone.testing.io_contract import IoContract

_NUMBERS = count()


@pytest.fixture
def prefix():
    return f"run-{next(_NUMBERS)}/deep"


@pytest.fixture
def config(remote, prefix):
    return {"root": f"{remote.url}/{prefix}", "storage_options": remote.options}


@pytest.fixture
def manager(config, tmp_path):
    return open_manager(FilesystemManager, config, tmp_path)


class Tomorrow(datetime):
    """A clock by which what has been left is old."""

    @classmethod
    def now(cls, zone=None):
        return datetime.now(zone) + timedelta(days=1, hours=1)


class TestRemote(IoContract):
    @pytest.fixture(params=[FilesystemManager, ParquetManager])
    def manager_type(self, request):
        return request.param

    @pytest.fixture
    def config(self, config):
        return config

    @pytest.fixture(autouse=True)
    def _place(self, remote, prefix):
        self.remote, self.prefix = remote, prefix

    def damage(self, manager, how):
        found = [name for name in self.remote.names(self.prefix) if RECORDS not in name]
        target, other = (next(name for name in found if Path(name).name.startswith(f"{key}.")) for key in ("x", "y"))
        data = self.remote.read(target)
        if how == "deleted":
            self.remote.remove(target)
            return
        middle = len(data) // 2
        self.remote.write(
            target,
            {
                "truncated": data[:-1],
                "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
                "longer": data + b" ",
                "empty": b"",
                "swapped": self.remote.read(other),
            }[how],
        )

    def damage_record(self, manager, content):
        (found,) = (name for name in self.remote.names(self.prefix) if "/x/" in name and RECORDS in name)
        self.remote.write(found, content)

    def leftovers_of(self, staged):
        return []

    def leftovers(self, manager):
        """Values of which there is more than one version, or no record; and records beside another."""
        found = self.remote.names(self.prefix)
        records = [Path(name).parent.name for name in found if RECORDS in name]
        values = [Path(name).name.partition(".")[0] for name in found if RECORDS not in name]
        return [name for name in values if name not in records or values.count(name) + records.count(name) > 2]

    def test_crash_at_any_step_leaves_a_value_that_is_whole(self, manager, sample, project_root, config, monkeypatch):
        """As the suite has it, but what is left is young, and is removed a day later."""
        for step in STEPS:
            store(manager, slot_of(manager, step), sample.make(1))
            task = Task(dotted(manager), config, str(project_root), [sample.name], step, [2], crash_at=step)
            child = start(task)
            child.communicate()
            assert child.returncode == CRASHED, step
            self.check_readers_view(manager, sample, step)
        assert manager.clean() == 0
        assert sorted(set(self.leftovers(manager))) == ["data-put", "record-noted", "record-put"]
        monkeypatch.setattr("flowstone.io.fsspec_store.datetime", Tomorrow)
        assert manager.clean() == 4
        assert self.leftovers(manager) == []
        for step in STEPS:
            self.check_readers_view(manager, sample, step)


def test_values_lie_where_their_path_says(manager, remote, prefix):
    options = FilesystemManager.AssetOptions(path="raw/{partition}/orders.json")
    store(manager, Slot("orders", "2024-01-01", options), [1])
    store(manager, Slot("orders", "2024-01-01", options), [2])
    record, value = remote.names(prefix)
    assert re.fullmatch(rf"{prefix}/\.records/partitions/orders/2024-01-01/[0-9a-f]{{28}}\.json", record)
    assert re.fullmatch(rf"{prefix}/raw/2024-01-01/orders\.v[0-9a-f]{{16}}\.json", value)


def test_a_file_is_loaded_as_a_file_of_this_machine(manager, tmp_path):
    source = tmp_path / "picture.png"
    source.write_bytes(b"\x89PNG" * 1000)
    store(manager, slot_of(manager), source)
    _, loaded = manager.read(slot_of(manager), None)
    assert loaded.suffix == ".png"
    assert loaded.read_bytes() == source.read_bytes()
    assert loaded.is_relative_to(tmp_path / ".flowstone")
    assert len(list(loaded.parent.iterdir())) == 1


@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")  # it is gcsfs that does
def test_a_large_value_goes_through_a_file(manager, tmp_path):
    value = bytes(range(256)) * 4 * 20_000
    store(manager, slot_of(manager), value)
    assert manager.read(slot_of(manager), None)[1] == value
    assert [path for path in (tmp_path / ".flowstone").rglob("*") if path.is_file()] == []


def test_a_record_that_is_not_whole_does_not_count_while_another_does(manager, remote, prefix):
    """As it is where a file is visible before it is finished: its writer is going on, or is dead."""
    store(manager, slot_of(manager, "x"), 1)
    (name,) = (name for name in remote.names(prefix) if RECORDS in name)
    newer = f"{name.rpartition('/')[0]}/{'f' * 11}0{'0' * 16}.json"
    for content in (remote.read(name)[:-1], remote.read(name)[:-20], b""):
        remote.write(newer, content)
        assert manager.read(slot_of(manager, "x"), None)[1] == 1
    assert manager.clean() == 0
    remote.remove(name)
    with pytest.raises(DamagedError):
        manager.record(slot_of(manager, "x"))


def test_the_newest_record_counts_whatever_the_clocks_say(manager, remote, prefix, monkeypatch):
    store(manager, slot_of(manager, "x"), 1)
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000)
    store(manager, slot_of(manager, "x"), 2)
    assert manager.read(slot_of(manager, "x"), None)[1] == 2
    assert len(remote.names(prefix)) == 2


def test_a_writer_that_comes_late_removes_its_own(manager, remote, prefix, monkeypatch):
    """Another has put a newer record meanwhile: that is the value, as if this one had been replaced at once."""
    late = manager.stage(slot_of(manager, "x"), 1)
    real = manager.store._records.put

    def put_record(record, place, stamp):
        monkeypatch.setattr(manager.store._records, "put", real)
        store(manager, slot_of(manager, "x"), 2)
        real(record, place, f"{'0' * 12}{stamp[12:]}")

    monkeypatch.setattr(manager.store._records, "put", put_record)
    manager.publish(late, record_of(late))
    assert manager.read(slot_of(manager, "x"), None)[1] == 2
    assert len(remote.names(prefix)) == 2


def test_what_is_left_is_removed_after_a_day_and_nothing_else(manager, config, remote, prefix, tmp_path, monkeypatch):
    record = store(manager, slot_of(manager, "x"), 1)
    inner = open_manager(FilesystemManager, {**config, "root": f"{config['root']}/inner"}, tmp_path)
    kept = store(inner, slot_of(inner, "x"), 2)
    orphan = f"{prefix}/shop.orders/x.v0123456789abcdef.json"
    aside = f"{prefix}/{RECORDS}/partitions/shop.orders/x/.{'0' * 28}.tmp"
    strangers = [f"{prefix}/notes.json", f"{prefix}/inner/x.v0123456789abcdef.json"]
    for name in (orphan, aside, *strangers):
        remote.write(name, b"1")
    assert manager.clean() == 0
    monkeypatch.setattr("flowstone.io.fsspec_store.datetime", Tomorrow)
    assert manager.clean() == 2
    assert {orphan, aside}.isdisjoint(remote.names(prefix))
    assert set(strangers) <= set(remote.names(prefix))
    manager.verify(slot_of(manager, "x"), record)
    inner.verify(slot_of(inner, "x"), kept)


def test_deleting_a_damaged_value_leaves_the_files_of_others(manager, remote, prefix):
    store(manager, slot_of(manager, "x"), 1)
    stranger = f"{prefix}/shop.orders/x.json"
    remote.write(stranger, b"theirs")
    (name,) = (name for name in remote.names(prefix) if RECORDS in name)
    remote.write(name, b"{")
    assert manager.delete(slot_of(manager, "x"))
    assert remote.read(stranger) == b"theirs"


def test_a_part_that_has_arrived_is_not_the_value(manager, monkeypatch):
    store(manager, slot_of(manager, "x"), 1)
    monkeypatch.setattr(manager.store._files, "size", lambda place: 0)
    with pytest.raises(StorageError, match=r"shop\.orders\[x\]: cannot publish .* 0 of 2 bytes have arrived"):
        store(manager, slot_of(manager, "x"), 2)
    assert manager.read(slot_of(manager, "x"), None)[1] == 1


def test_a_record_that_may_have_been_put_keeps_its_data(manager, monkeypatch):
    store(manager, slot_of(manager), 1)
    real = manager.store._records.put

    def put_record(*arguments):
        real(*arguments)
        raise OSError("the answer is lost")

    with monkeypatch.context() as patch:
        patch.setattr(manager.store._records, "put", put_record)
        with pytest.raises(StorageError, match=r"shop\.orders: cannot publish .* the answer is lost"):
            store(manager, slot_of(manager), 2)
    assert manager.read(slot_of(manager), None)[1] == 2


def test_a_connection_that_was_broken_is_made_again(manager, remote):
    store(manager, slot_of(manager), 1)
    client = manager.store._files._client

    class Broken:
        closed = False

        def close(self):
            self.closed = True

        def __getattr__(self, name):
            raise EOFError

    broken = client._all()[os.getpid()] = Broken()
    assert manager.read(slot_of(manager), None)[1] == 1
    assert broken.closed


@pytest.mark.parametrize("wrong", ["password", "server"])
def test_what_cannot_be_reached_is_said_without_the_secret(remote, tmp_path, wrong, monkeypatch):
    monkeypatch.setattr("flowstone.io.fsspec_client.CONNECTS", 1)
    root = f"{remote.url}/x" if wrong == "password" else re.sub(r":\d+/", ":1/", f"{remote.url}/x")
    options = dict(remote.options)
    if "password" in options and wrong == "password":
        options["password"] = "canary-wrong"
    elif remote.url.startswith("gs://"):
        root, options["token"] = "gs://nowhere/x", "anon"
    manager = open_manager(FilesystemManager, {"root": root, "storage_options": options}, tmp_path)
    with pytest.raises(FlowStoneError, match=r"shop\.orders: cannot read the record") as caught:
        manager.record(slot_of(manager))
    assert "canary" not in repr(caught.value)
    assert "\n" not in str(caught.value)
    assert "flowstone doctor" in caught.value.help


def test_a_server_whose_key_is_not_known_is_not_spoken_to(remote, tmp_path):
    if "known_hosts" not in remote.options:
        pytest.skip("its certificate is what others look at")
    options = {**remote.options, "known_hosts": "/dev/null"}
    manager = open_manager(FilesystemManager, {"root": f"{remote.url}/x", "storage_options": options}, tmp_path)
    with pytest.raises(StorageError, match="not found in known_hosts"):
        manager.record(slot_of(manager))


def test_nothing_that_hinders_a_listing_is_taken_for_nothing_stored(manager, remote, monkeypatch):
    store(manager, slot_of(manager), 1)

    def fail(*arguments, **options):
        raise OSError("no answer")

    monkeypatch.setattr("flowstone.io.fsspec_client.FsspecClient._drop", lambda client: None)
    system = manager.store._files._client._connected()
    monkeypatch.setattr(system, "find" if remote.url.startswith("gs://") else "ls", fail)
    with pytest.raises(StorageError, match="no answer"):
        manager.record(slot_of(manager))
