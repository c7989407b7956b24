"""A store in a file system of fsspec that is not among those that have a server in the tests."""

import errno
import os
import sys
import threading

import pytest

from flowstone.errors import ConfigurationError, DamagedError, MissingExtraError, NotMaterializedError, StorageError
from flowstone.io import fsspec_files
from flowstone.io.filesystem import FilesystemManager
from flowstone.testing.io_actions import open_manager, slot_of, store

fsspec = pytest.importorskip("fsspec")
local = pytest.importorskip("fsspec.implementations.local")


class Elsewhere(local.LocalFileSystem):
    """Folders of this machine under a protocol of their own, with what goes wrong elsewhere."""

    protocol = "elsewhere"
    opened: list[int] = []
    broken: list[Exception] = []

    def __init__(self, secret="", **options):
        super().__init__(**options)
        self.opened.append(threading.get_ident())

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.removeprefix("elsewhere:/"))

    def cat_file(self, path, **options):
        if self.broken:
            raise self.broken.pop()
        return super().cat_file(path, **options)


@pytest.fixture
def elsewhere(monkeypatch):
    fsspec.register_implementation("elsewhere", Elsewhere, clobber=True)
    monkeypatch.setattr(Elsewhere, "opened", [])
    monkeypatch.setattr(Elsewhere, "broken", [])


@pytest.fixture
def manager(elsewhere, tmp_path):
    config = {"root": f"elsewhere:/{tmp_path}/there", "storage_options": {"secret": "canary"}}
    return open_manager(FilesystemManager, config, tmp_path / "here")


def test_values_come_and_go(manager, tmp_path):
    slot = slot_of(manager, "x")
    assert manager.record(slot) is None
    assert list(manager.partitions(slot)) == []
    for number in (1, 2):
        record = store(manager, slot, number)
        assert manager.read(slot, None) == (record, number)
    assert list(manager.partitions(slot)) == ["x"]
    assert manager.clean() == 0
    assert len([path for path in (tmp_path / "there").rglob("*") if path.is_file()]) == 2
    assert manager.delete(slot)
    assert not manager.delete(slot)
    with pytest.raises(NotMaterializedError):
        manager.load(slot, record, None)
    assert [path for path in (tmp_path / "there").rglob("*") if path.is_file()] == []


def test_a_large_value_is_whole_or_damaged(manager, tmp_path):
    value = bytes(range(256)) * 20_000
    record = store(manager, slot_of(manager), value)
    assert manager.read(slot_of(manager), None)[1] == value
    (path,) = (tmp_path / "there").glob("shop.orders.v*")
    path.write_bytes(value[:-1])
    with pytest.raises(DamagedError, match="bytes, its record says"):
        manager.verify(slot_of(manager), record)
    path.write_bytes(value[:-1] + b"x")
    with pytest.raises(DamagedError, match="is not that of its record"):
        manager.load(slot_of(manager), record, None)


def test_a_folder_that_somebody_removed_is_made_again(manager, tmp_path):
    store(manager, slot_of(manager, "x"), 1)
    manager.delete(slot_of(manager, "x"))
    (tmp_path / "there" / "shop.orders").rmdir()
    store(manager, slot_of(manager, "x"), 2)
    assert manager.read(slot_of(manager, "x"), None)[1] == 2


def test_each_thread_has_a_connection_of_its_own(manager):
    store(manager, slot_of(manager), 1)
    threads = [threading.Thread(target=manager.record, args=(slot_of(manager),)) for _ in range(2)]
    for thread in threads:
        thread.start()
        thread.join()
    assert len(Elsewhere.opened) == 3


def test_a_process_that_was_forked_has_a_connection_of_its_own(manager, monkeypatch):
    store(manager, slot_of(manager), 1)
    real = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: real + 1)
    assert manager.read(slot_of(manager), None)[1] == 1
    assert len(Elsewhere.opened) == 2


def test_an_error_is_tried_again_once_and_told_in_a_line_without_secrets(manager):
    store(manager, slot_of(manager), 1)
    Elsewhere.broken[:] = [RuntimeError("cut")]
    assert manager.read(slot_of(manager), None)[1] == 1
    assert len(Elsewhere.opened) == 2
    Elsewhere.broken[:] = [RuntimeError("no canary here\nmore")] * 2
    with pytest.raises(StorageError, match=r"shop\.orders: cannot read the record .*: no \*\*\* here$") as caught:
        manager.record(slot_of(manager))
    assert "flowstone doctor" in caught.value.help
    Elsewhere.broken[:] = [PermissionError(errno.EACCES, "Permission denied")] * 2
    with pytest.raises(StorageError, match="Permission denied"):
        manager.record(slot_of(manager))


def test_two_who_make_a_folder_at_once_both_have_it(manager, monkeypatch):
    real = Elsewhere.makedirs

    def makedirs(self, path, exist_ok=False):
        real(self, path, exist_ok=True)
        raise OSError("Failure")  # as SFTP says it, of a folder that another has made just now

    monkeypatch.setattr(Elsewhere, "makedirs", makedirs)
    store(manager, slot_of(manager), 1)
    assert manager.read(slot_of(manager), None)[1] == 1


def test_what_is_missing_or_unknown_is_named(tmp_path, monkeypatch):
    manager = open_manager(FilesystemManager, {"root": "nobodyknows://x/y"}, tmp_path)
    with pytest.raises(ConfigurationError, match="fsspec knows no protocol nobodyknows://"):
        manager.record(slot_of(manager))
    manager = open_manager(FilesystemManager, {"root": "dropbox://x/y"}, tmp_path)
    with pytest.raises(ConfigurationError, match="dropboxdrivefs"):
        manager.record(slot_of(manager))
    for root, module, extra in (
        ("gs://bucket", "gcsfs.core", "gcs"),
        ("sftp://host/x", "paramiko", "sftp"),
        ("oss://bucket", "fsspec.registry", "fsspec"),
    ):
        monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.delitem(sys.modules, "flowstone.io.sftp", raising=False)
        manager = open_manager(FilesystemManager, {"root": root}, tmp_path)
        with pytest.raises(MissingExtraError) as caught:
            manager.record(slot_of(manager))
        assert f"flowstone[{extra}]" in str(caught.value.help)


def test_an_option_that_the_file_system_does_not_know_is_told(elsewhere, tmp_path, monkeypatch):
    monkeypatch.setattr(Elsewhere, "__init__", lambda self, secret="": None)
    config = {"root": f"elsewhere:/{tmp_path}", "storage_options": {"nothing": "x"}}
    manager = open_manager(FilesystemManager, config, tmp_path)
    with pytest.raises(ConfigurationError, match=r"cannot be used: .*nothing"):
        manager.record(slot_of(manager))


class Contested:
    """A file system on which others make the same folders at the same time."""

    def __init__(self, *faults: OSError | None) -> None:
        self.faults = list(faults)

    def makedirs(self, folder: str, exist_ok: bool) -> None:
        if (fault := self.faults.pop(0)) is not None:
            raise fault

    def isdir(self, folder: str) -> bool:
        return False


def test_a_folder_whose_parent_somebody_else_makes_meanwhile_is_made():
    system = Contested(OSError("File exists"), OSError("Failure"), None)
    fsspec_files._make(system, "lake/shop.orders")
    assert system.faults == []


@pytest.mark.parametrize("fault", [PermissionError("no"), FileNotFoundError("no bucket")])
def test_what_will_not_change_is_told_at_once(fault):
    with pytest.raises(type(fault)):
        fsspec_files._make(Contested(fault), "lake/shop.orders")


def test_a_folder_that_cannot_be_made_is_not_tried_for_ever():
    with pytest.raises(OSError, match="read-only"):
        fsspec_files._make(Contested(*[OSError("read-only")] * fsspec_files.TRIES), "lake/shop.orders")
