import os
import pickle
import sys
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from flowstone.errors import DamagedError, MissingExtraError, StorageError, UnsupportedTypeError
from flowstone.io.contract import Slot
from flowstone.io.filesystem import FilesystemConfig, FilesystemManager, FilesystemOptions
from flowstone.ir.types import TypeExpr

PICKLES = {"allow_pickle": True}


def expr(name, *args):
    return TypeExpr(name=name, args=args)


def refusal(type, *, loading=False, **options):
    return FilesystemManager.refuses(type, FilesystemOptions(**options), loading=loading)


def test_format_follows_from_the_value(shelf, tmp_path):
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG")
    for asset, value in (("a", "text"), ("b", b"bytes"), ("c", picture), ("d", {"x": 1})):
        shelf(FilesystemManager, asset=asset).put(value)
    assert shelf(FilesystemManager).files() == ["a.json", "b.bin", "c.png", "d.json"]


def test_format_can_be_chosen(shelf):
    text = shelf(FilesystemManager, format="text")
    assert text.again("ä\r\n\0") == "ä\r\n\0"
    assert (text.manager.root / "shop.orders.txt").read_bytes() == "ä\r\n\0".encode()


@pytest.mark.parametrize(
    ("chosen", "value"),
    [("text", 1), ("text", b"x"), ("text", "\ud800"), ("bytes", "x"), ("file", "x"), ("json", {1j})],
)
def test_values_that_are_not_of_the_format_are_refused(shelf, chosen, value):
    store = shelf(FilesystemManager, format=chosen)
    with pytest.raises(UnsupportedTypeError, match=r"shop\.orders"):
        store.put(value)
    assert store.files() == []


def test_paths_hold_asset_and_partition(shelf):
    shelf(FilesystemManager, partition="2024-01-31", path="{asset}/by-day/{partition}/data.json").put(1)
    shelf(FilesystemManager, path="fixed.json").put(1)
    assert shelf(FilesystemManager).files() == ["fixed.json", "shop.orders/by-day/2024-01-31/data.json"]


def test_a_file_is_loaded_as_a_path_or_as_bytes(shelf, tmp_path):
    source = tmp_path / "report.tar.gz"
    source.write_bytes(b"x" * 3_000_000)
    files = shelf(FilesystemManager)
    stored = files.again(source)
    assert stored.read_bytes() == source.read_bytes()
    assert stored != source
    assert files.get("pathlib.Path") == stored
    assert files.get("bytes") == source.read_bytes()
    stored.write_bytes(b"y" * 3_000_000)
    with pytest.raises(DamagedError):
        files.get("pathlib.Path")


def test_a_file_must_be_there(shelf, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "missing"):
        with pytest.raises(UnsupportedTypeError, match="neither a file nor a folder"):
            shelf(FilesystemManager).put(path)


def test_pickle_takes_two_permissions(shelf):
    with pytest.raises(UnsupportedTypeError, match="not allowed") as caught:
        shelf(FilesystemManager, format="pickle").put({1})
    assert "allow_pickle = true" in caught.value.help
    with pytest.raises(UnsupportedTypeError, match="JSON"):
        shelf(FilesystemManager, config=PICKLES).put(1j)
    assert shelf(FilesystemManager, format="pickle", config=PICKLES).again(1j) == 1j


def test_a_pickle_is_not_loaded_once_it_is_forbidden(shelf, monkeypatch):
    shelf(FilesystemManager, format="pickle", config=PICKLES).put(1)
    monkeypatch.setattr(pickle, "loads", lambda data: pytest.fail("unpickled"))
    with pytest.raises(UnsupportedTypeError, match="not allowed"):
        shelf(FilesystemManager, format="pickle").get()


def test_cloudpickle_takes_the_same_permission_and_its_package(shelf, monkeypatch):
    pytest.importorskip("cloudpickle")
    with pytest.raises(UnsupportedTypeError, match="not allowed"):
        shelf(FilesystemManager, format="cloudpickle").put({1})
    store = shelf(FilesystemManager, format="cloudpickle", config=PICKLES)
    assert store.again(lambda: 7)() == 7
    with pytest.raises(UnsupportedTypeError, match="not allowed"):
        shelf(FilesystemManager).get()
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    for attempt in (lambda: store.put(1), store.get):
        with pytest.raises(MissingExtraError) as caught:
            attempt()
        assert caught.value.help == "pip install 'flowstone[cloudpickle]'"


def test_what_cannot_be_pickled_is_named(shelf):
    with pytest.raises(UnsupportedTypeError, match="cannot be pickled"):
        shelf(FilesystemManager, format="pickle", config=PICKLES).put(lambda: 1)


def test_frames_are_sent_to_the_parquet_manager(shelf):
    polars = pytest.importorskip("polars")
    with pytest.raises(UnsupportedTypeError) as caught:
        shelf(FilesystemManager).put(polars.DataFrame({"a": [1]}))
    assert "parquet" in caught.value.help


def test_types_are_judged_without_values():
    assert refusal(expr("dict", expr("str"), expr("list", expr("datetime.date")))) is None
    assert refusal(expr("?")) is None
    assert refusal(expr("shop.models.Order")) is None
    assert "parquet" in refusal(expr("polars.DataFrame"))
    assert "parquet" in refusal(expr("list", expr("pandas.DataFrame")))
    assert "list" in refusal(expr("Iterator", expr("int")))
    assert refusal(expr("pathlib.Path")) is None
    assert refusal(expr("list", expr("pathlib.Path"))) is not None
    assert refusal(expr("pathlib.Path"), format="json") is not None
    assert refusal(expr("int"), format="text") == "format 'text' holds str, not int"
    assert refusal(expr("bytes"), format="file") is not None
    assert refusal(expr("bytes"), format="file", loading=True) is None
    assert refusal(expr("complex"), format="pickle") is None


def test_unions_are_stored_if_all_members_can_be_and_loaded_if_any_can():
    union = expr("|", expr("polars.DataFrame"), expr("int"))
    assert refusal(union) is not None
    assert refusal(union, loading=True) is None
    assert refusal(expr("|", expr("polars.DataFrame"), expr("None")), loading=True) is not None
    assert refusal(expr("|", expr("str"), expr("None")), format="text") is not None
    assert refusal(expr("|", expr("str"), expr("None")), format="text", loading=True) is None


def test_location_follows_the_format():
    assert FilesystemManager.location("A.b", FilesystemOptions(format="text"), partitioned=False) == "a.b.txt"


@pytest.mark.parametrize("root", ["", "a\0b"])
def test_other_roots_than_folders_are_refused(root):
    with pytest.raises(ValidationError, match="folder"):
        FilesystemConfig(root=root)


def test_root_is_configured_or_in_the_state_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("FLOWSTONE_HOME", raising=False)
    assert FilesystemManager("lake", FilesystemConfig(), tmp_path).root == tmp_path / ".flowstone" / "data" / "lake"
    assert FilesystemManager("lake", FilesystemConfig(root="out"), tmp_path).root == tmp_path / "out"
    assert FilesystemManager("lake", FilesystemConfig(root="/srv/x"), tmp_path).root == Path("/srv/x")
    monkeypatch.setenv("FLOWSTONE_HOME", "state")
    assert FilesystemManager("lake", FilesystemConfig(), tmp_path).root == tmp_path / "state" / "data" / "lake"
    assert list(tmp_path.iterdir()) == []


def test_swapped_records_are_noticed(shelf):
    first, second = (shelf(FilesystemManager, partition=key) for key in ("x", "y"))
    first.put(1)
    second.put(2)
    records = first.manager.root / ".records" / "partitions" / "shop.orders"
    (records / "x.json").write_bytes((records / "y.json").read_bytes())
    with pytest.raises(DamagedError, match=r"record of shop\.orders, partition y"):
        first.manager.record(first.slot)


def test_a_small_value_of_the_right_size_is_not_taken_for_intact(shelf):
    files = shelf(FilesystemManager)
    record = files.put(5)
    (files.manager.root / "shop.orders.json").write_text("7\n")
    assert not files.manager.intact(files.slot, record)


def test_namespaces_do_not_collide_with_partitions(shelf):
    alone = shelf(FilesystemManager, asset="a")
    part = shelf(FilesystemManager, asset="a", partition="_")
    alone.put(1)
    part.put(2)
    assert (alone.get(), part.get()) == (1, 2)


def test_a_slot_that_is_no_canonical_text_is_refused(shelf):
    files = shelf(FilesystemManager)
    for asset, partition in (("../a", None), ("a", "../x"), ("a", "x/y"), ("", None), ("a", ".x")):
        with pytest.raises(StorageError):
            files.put(date(2024, 1, 1), Slot(asset, partition, FilesystemOptions()))
    assert not files.manager.root.exists()
