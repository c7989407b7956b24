"""A writer that dies between the renames leaves an announced record, by which others finish what it began."""

import errno
import fcntl
import os
import shutil

import msgspec
import pytest

from flowstone.errors import StorageError
from flowstone.io.announced import SUFFIX, next_place
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.paths import record_place


class Left:
    """What a writer leaves that dies between the renames, or before them."""

    def __init__(self, files, old, new, *, before=False):
        root = files.manager.root
        if old is not None:
            files.put(old)
        kept = shutil.copytree(root, root.with_name("kept")) if old is not None else None
        self.new = files.put(new)
        place = record_place(files.slot)
        (data,) = files.files()
        self.record, self.announced, self.data = root / place, root / next_place(place), root / data
        self.record.rename(self.announced)
        if kept is not None:
            shutil.copy(kept / place, self.record)
        if before:
            self.data.unlink()
        if before and kept is not None:
            shutil.copy(kept / data, self.data)


def announcements(files):
    return list((files.manager.root / ".records").rglob(f"*{SUFFIX}"))


def forbid_writing(monkeypatch):
    def refused(*arguments, **options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for call in ("replace", "unlink", "rename"):
        monkeypatch.setattr(os, call, refused)


@pytest.mark.parametrize("old", ["old", None])
@pytest.mark.parametrize("partition", [None, "x", "x" * 245])
def test_a_reader_finishes_what_a_dead_writer_began(shelf, partition, old):
    files = shelf(FilesystemManager, partition=partition)
    left = Left(files, old, "new")
    assert list(files.manager.partitions(files.slot)) == [partition]
    assert announcements(files) == []
    assert files.manager.record(files.slot) == left.new
    assert files.get() == "new"
    assert left.record.read_bytes() == left.new.to_json() + b"\n"


@pytest.mark.parametrize("old", ["old", None])
@pytest.mark.parametrize("partition", [None, "x", "x" * 245])
def test_who_cannot_write_reads_it_all_the_same(shelf, partition, old, monkeypatch):
    files = shelf(FilesystemManager, partition=partition)
    left = Left(files, old, "new")
    forbid_writing(monkeypatch)
    assert files.get() == "new"
    assert list(files.manager.records(files.slot)) == [left.new]
    assert left.announced.exists()


@pytest.mark.parametrize("old", ["old", None])
def test_what_came_before_the_data_does_not_count(shelf, old):
    files = shelf(FilesystemManager)
    left = Left(files, old, "new", before=True)
    found = files.manager.record(files.slot)
    assert found is None if old is None else files.get() == "old"
    assert not left.announced.exists()
    assert list(files.manager.partitions(files.slot)) == ([] if old is None else [None])


def test_the_next_writer_finishes_it_before_it_announces_its_own(shelf, monkeypatch):
    files = shelf(FilesystemManager)
    left = Left(files, "old", "new")
    seen = {}

    def reached(step):
        seen[step] = left.record.read_bytes()

    monkeypatch.setattr(files.manager, "reached", reached)
    files.put("newer")
    assert seen["record-announced"] == left.new.to_json() + b"\n"
    assert files.get() == "newer"
    assert announcements(files) == []


@pytest.mark.parametrize("become", ["changed", "gone", "folder", "link", "pipe"])
def test_the_next_writer_is_not_stopped_by_what_became_of_the_data(shelf, become):
    files = shelf(FilesystemManager)
    left = Left(files, "old", "new")
    left.data.write_bytes(b"changed")
    if become != "changed":
        left.data.unlink()
    {"link": lambda: left.data.symlink_to("/etc/passwd"), "pipe": lambda: os.mkfifo(left.data)}.get(become, int)()
    assert files.again("newer") == "newer"
    assert announcements(files) == []


def test_cleaning_finishes_it_and_drops_only_what_does_not_count(shelf):
    first, second = shelf(FilesystemManager, partition="x"), shelf(FilesystemManager, asset="shop.customers")
    begun = Left(first, "old", "new")
    shutil.rmtree(first.manager.root.with_name("kept"))
    second.put("kept")
    unfounded = second.manager.root / next_place(record_place(second.slot))
    unfounded.write_bytes(b"half")
    assert first.manager.clean() == 1
    assert announcements(first) == []
    assert first.manager.record(first.slot) == begun.new
    assert second.get() == "kept"


def test_deleting_leaves_nothing(shelf):
    files = shelf(FilesystemManager)
    Left(files, "old", "new")
    assert files.manager.delete(files.slot)
    assert [path for path in files.manager.root.rglob("*") if path.is_file()] == []
    assert files.manager.record(files.slot) is None


@pytest.mark.parametrize(
    "place", ["/etc/passwd", "../outside", "other.json", None, 7], ids=["absolute", "above", "other", "none", "number"]
)
def test_an_announcement_is_judged_by_data_in_the_store(shelf, tmp_path, place):
    files = shelf(FilesystemManager)
    left = Left(files, "old", "new", before=True)
    outside = files.manager.root.parent / "outside"
    outside.write_bytes(b'"new"\n')
    content = {**left.new.metadata["content"], "file": place}
    forged = msgspec.structs.replace(left.new, metadata={"content": content})
    left.announced.write_bytes(forged.to_json())
    assert files.get() == "old"
    assert not left.announced.exists()


def test_an_announcement_of_another_place_is_dropped(shelf):
    files = shelf(FilesystemManager, partition="x")
    left = Left(files, "old", "new")
    astray = left.announced.with_name(f".y.json{SUFFIX}")
    left.announced.rename(astray)
    assert list(files.manager.partitions(files.slot)) == ["x"]
    assert not astray.exists()


def test_data_that_cannot_be_read_lets_nobody_judge(shelf, monkeypatch):
    files = shelf(FilesystemManager)
    left = Left(files, "old", "new")
    real = os.open

    def refused(path, *arguments, **options):
        if os.fspath(path) == str(left.data):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refused)
        with pytest.raises(StorageError, match="EACCES"):
            files.manager.record(files.slot)
    assert files.get() == "new"


def test_without_locks_nothing_is_announced_and_nothing_finished(shelf, monkeypatch):
    files = shelf(FilesystemManager)
    left = Left(files, "old", "new")

    def no_locks(descriptor, how):
        raise OSError(errno.ENOTSUP, "no locks here")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert files.get() == "new"
    assert left.announced.exists()
    other = shelf(FilesystemManager, asset="shop.customers")
    seen = []
    monkeypatch.setattr(other.manager, "reached", seen.append)
    assert other.again("x") == "x"
    assert "record-announced" not in seen
    assert files.manager.clean() == 0


def test_an_interruption_right_after_the_data_is_renamed_leaves_the_announcement(shelf, monkeypatch):
    files = shelf(FilesystemManager)
    files.put("old")
    real = os.replace

    def replace(source, target):
        real(source, target)
        if not str(target).endswith((SUFFIX, ".records/assets/shop.orders.json")):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            files.put("new")
    assert files.get() == "new"
