import io
import os
import sys
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flowstone.errors import DamagedError, UnsupportedTypeError
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.folders import pack, unpack
from flowstone.ir.types import TypeExpr

FILES = {"model.bin": b"\0" * 3_000_000, "a/b/c.txt": "ß".encode(), "a/empty": b"", "ß/🙂 x": b"1", "x" * 200: b"long"}


@pytest.fixture
def folder(tmp_path):
    """A folder with files, an empty folder and something that can be run."""
    made = tmp_path / "model"
    for name, content in FILES.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(content)
    (made / "nothing").mkdir()
    (made / "run.sh").write_text("#!/bin/sh\n")
    (made / "run.sh").chmod(0o700)
    return made


def content_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_a_folder_comes_back_as_it_was(shelf, folder):
    loaded = shelf(FilesystemManager, asset="shop.model").again(folder)
    assert loaded != folder
    assert loaded.name == "model"
    assert content_of(loaded) == content_of(folder)
    assert os.access(loaded / "run.sh", os.X_OK)
    assert loaded.joinpath("model.bin").stat().st_mode & 0o777 == 0o644


def test_equal_folders_are_equal_bytes(shelf, folder, tmp_path):
    store = shelf(FilesystemManager)
    first = store.put(folder).data_version
    other = tmp_path / "other"
    for path in sorted(folder.rglob("*"), reverse=True):  # made in another order, at another time
        target = other / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        else:
            target.write_bytes(path.read_bytes())
            target.chmod(0o777 if path.name == "run.sh" else 0o600)
            os.utime(target, (1, 1))
    assert store.put(other).data_version == first
    (other / "nothing" / "more").write_text("")
    assert store.put(other).data_version != first


def test_a_copy_that_was_changed_is_put_right(shelf, folder):
    store = shelf(FilesystemManager)
    loaded = store.again(folder)
    (loaded / "model.bin").write_bytes(b"changed")
    (loaded / "a" / "more").mkdir()
    (loaded / "a" / "more" / "file").write_text("x")
    (loaded / "a" / "empty").unlink()
    (loaded / "a" / "empty").mkdir()
    (loaded / "nothing").rmdir()
    (loaded / "nothing").symlink_to("/etc")
    assert content_of(store.get()) == content_of(folder)
    assert not (loaded / "nothing").is_symlink()


def test_many_may_load_at_once(shelf, folder):
    store = shelf(FilesystemManager)
    store.put(folder)
    found = []
    threads = [threading.Thread(target=lambda: found.append(content_of(store.get()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [item == content_of(folder) for item in found] == [True] * 6


def test_what_others_unpack_in_the_meantime_is_left_alone(tmp_path):
    folder, packed = tmp_path / "small", io.BytesIO()
    for name in ("a/b", "c/d/e", "f"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_text(name)
    pack(folder, packed)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(6) as pool:
            for number in range(40):
                target = tmp_path / str(number) / "copy"
                list(pool.map(lambda _, target=target: unpack(io.BytesIO(packed.getvalue()), target), range(6)))
                assert content_of(target) == content_of(folder)
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize("kind", ["link", "link to a folder", "pipe"])
def test_what_is_neither_file_nor_folder_is_refused(shelf, folder, kind):
    if kind == "pipe":
        os.mkfifo(folder / "a" / "pipe")
    else:
        (folder / "a" / "link").symlink_to("/etc/passwd" if kind == "link" else folder / "nothing")
    store = shelf(FilesystemManager)
    with pytest.raises(UnsupportedTypeError, match=r"shop\.orders: 'a/(link|pipe)' in .* is neither a file"):
        store.put(folder)
    assert store.files() == []


def test_a_folder_is_not_asked_for_as_bytes(shelf, folder):
    store = shelf(FilesystemManager)
    store.put(folder)
    for name in ("bytes", "str"):
        with pytest.raises(UnsupportedTypeError, match=r"format 'folder' holds pathlib\.Path"):
            store.get(TypeExpr(name=name))


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "."])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_nothing_is_unpacked_outside(tmp_path, name, kind):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo(name if kind == tarfile.REGTYPE else "link")
        entry.type, entry.linkname = kind, name
        archive.addfile(entry)
    packed.seek(0)
    with pytest.raises(DamagedError, match="cannot be in a folder"):
        unpack(packed, tmp_path / "deep" / "target")
    assert list(tmp_path.rglob("evil")) == []
