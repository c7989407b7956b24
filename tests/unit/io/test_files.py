import errno
import fcntl
import os
import stat
from pathlib import Path

import pytest

from flowstone.errors import StorageError
from flowstone.io.file_manager import FileManager
from flowstone.io.filesystem import FilesystemManager
from flowstone.testing.io_actions import open_manager, slot_of, store


def names(shelf):
    return sorted(path.name for path in shelf.manager.root.rglob("*") if path.is_file())


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def fail(monkeypatch, call, code, *, after=0):
    """Let a call of the operating system fail once it has been made ``after`` times."""
    real, seen = getattr(os, call), []

    def failing(*args, **options):
        seen.append(args)
        if len(seen) > after:
            raise OSError(code, os.strerror(code))
        return real(*args, **options)

    monkeypatch.setattr(os, call, failing)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize(
    ("call", "after"), [("write", 0), ("fsync", 0), ("write", 1), ("fsync", 1), ("replace", 0), ("replace", 1)]
)
def test_a_fault_before_the_data_is_renamed_keeps_the_old_value(shelf, monkeypatch, call, after, code):
    files = shelf(FilesystemManager, partition="x")
    old = files.put("old")
    with monkeypatch.context() as patch:
        fail(patch, call, code, after=after)
        with pytest.raises(StorageError) as caught:
            files.put("new")
    for part in ("shop.orders[x]", "x.json", errno.errorcode[code]):
        assert part in str(caught.value)
    assert files.manager.record(files.slot) == old
    assert files.get() == "old"
    assert names(files) == ["x.json", "x.json"]
    assert files.again("new") == "new"


def test_a_fault_of_the_last_rename_leaves_the_new_value(shelf, monkeypatch):
    files = shelf(FilesystemManager)
    files.put("old")
    with monkeypatch.context() as patch:
        fail(patch, "replace", errno.EIO, after=2)
        with pytest.raises(StorageError, match="EIO"):
            files.put("new")
    assert files.get() == "new"
    assert files.again("newer") == "newer"
    assert names(files) == ["shop.orders.json", "shop.orders.json"]


def test_short_writes_are_continued(shelf, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:7]))
    assert shelf(FilesystemManager).again("x" * 100) == "x" * 100


def test_short_reads_are_continued(shelf, monkeypatch):
    files = shelf(FilesystemManager)
    files.put("a value of some length")
    real = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, count: real(descriptor, min(count, 3)))
    assert files.get() == "a value of some length"


def test_others_may_publish_while_the_folders_are_synced(shelf, monkeypatch):
    files = shelf(FilesystemManager)
    files.put("old")
    folder = os.open(files.manager.root / ".records/assets", os.O_RDONLY)
    free = {}

    def look(step):
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(folder, fcntl.LOCK_UN)
            free[step] = True
        except BlockingIOError:
            free[step] = False

    monkeypatch.setattr(files.manager, "reached", look)
    files.put("new")
    os.close(folder)
    assert [step for step, is_free in free.items() if not is_free] == [
        "record-announced",
        "data-renamed",
        "record-renamed",
    ]


def test_what_a_dead_writer_left_is_removed_and_what_a_living_one_writes_is_not(shelf):
    first = shelf(FilesystemManager)
    first.put(1)
    living = first.manager.stage(first.slot, 2)
    dead = first.manager.root / ".shop.orders.json.0123456789abcdef.tmp"
    dead.write_bytes(b"half")
    other = first.manager.root / ".shop.orders.tmp"
    other.write_bytes(b"not ours")
    second = shelf(FilesystemManager)
    second.put(3)
    assert not dead.exists()
    assert other.exists()
    assert living.handle[0].path.exists()
    first.manager.discard(living)
    assert not living.handle[0].path.exists()


def test_a_folder_that_was_removed_is_made_again(shelf):
    files = shelf(FilesystemManager, partition="x")
    files.put(1)
    for path in sorted(files.manager.root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert files.again(2) == 2


@pytest.mark.parametrize("where", ["shop.orders", ".records"])
def test_links_that_lead_out_of_the_store_are_refused(shelf, tmp_path, where):
    files = shelf(FilesystemManager, partition="x")
    outside = tmp_path / "outside"
    outside.mkdir()
    files.manager.root.mkdir(parents=True)
    (files.manager.root / where).symlink_to(outside)
    with pytest.raises(StorageError, match="leads out of the store"):
        files.put(1)
    assert list(outside.iterdir()) == []


def test_links_in_a_circle_are_refused(shelf):
    files = shelf(FilesystemManager, partition="x")
    files.manager.root.mkdir(parents=True)
    (files.manager.root / "shop.orders").symlink_to("shop.orders")
    with pytest.raises(StorageError, match="shop"):
        files.put(1)


def test_a_link_in_place_of_a_value_is_replaced_and_never_followed(shelf, tmp_path):
    files = shelf(FilesystemManager)
    files.put(1)
    target = files.manager.root / "shop.orders.json"
    secret = tmp_path / "secret"
    secret.write_bytes(target.read_bytes())
    target.unlink()
    target.symlink_to(secret)
    assert not files.manager.intact(files.slot, files.manager.record(files.slot))
    with pytest.raises(StorageError, match="ELOOP"):
        files.get()
    files.put(2)
    assert secret.read_bytes() == b"1\n"
    assert not target.is_symlink()


def test_the_root_itself_may_be_a_link(shelf, tmp_path):
    real = tmp_path / "disk"
    real.mkdir()
    (tmp_path / "data").symlink_to(real)
    files = shelf(FilesystemManager, config={"root": "data"})
    assert files.again(1) == 1
    assert (real / "shop.orders.json").exists()


def test_a_pipe_in_place_of_a_value_does_not_block(shelf):
    files = shelf(FilesystemManager)
    record = files.put(1)
    target = files.manager.root / "shop.orders.json"
    target.unlink()
    os.mkfifo(target)
    assert not files.manager.intact(files.slot, record)
    with pytest.raises(StorageError):
        files.get()


def test_file_systems_without_locks_are_written_all_the_same(shelf, monkeypatch):
    def no_locks(descriptor, how):
        raise OSError(errno.ENOTSUP, "no locks here")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert shelf(FilesystemManager).again(1) == 1


def test_files_have_the_mode_of_the_umask(shelf):
    old = os.umask(0o027)
    try:
        files = shelf(FilesystemManager)
        files.put(1)
    finally:
        os.umask(old)
    assert stat.S_IMODE((files.manager.root / "shop.orders.json").stat().st_mode) == 0o640


def test_long_names_leave_room_for_the_temporary_one(shelf):
    files = shelf(FilesystemManager, path="x" * 251 + ".txt", format="text")
    assert files.again("a") == "a"


def test_steps_are_reached_in_order(shelf, monkeypatch):
    files = shelf(FilesystemManager)
    seen = []
    monkeypatch.setattr(files.manager, "reached", seen.append)
    files.put(1)
    assert tuple(seen) == FileManager.steps


def test_no_descriptor_is_left_open(shelf):
    files = shelf(FilesystemManager)
    files.put(0)
    before = open_descriptors()
    for number in range(20):
        files.put(number)
        files.get()
        files.manager.discard(files.manager.stage(files.slot, number))
    assert open_descriptors() == before


def test_a_foreign_file_among_the_records_is_no_partition(tmp_path):
    manager = open_manager(FilesystemManager, {}, tmp_path)
    record = store(manager, slot_of(manager, "x"), 1)
    folder = manager.root / ".records" / "partitions" / "shop.orders"
    (folder / "x (a copy).json").write_bytes((folder / "x.json").read_bytes())
    (folder / "~$x.json").write_bytes(b"")
    assert list(manager.partitions(slot_of(manager))) == ["x"]
    assert list(manager.records(slot_of(manager))) == [record]
