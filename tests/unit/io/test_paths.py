import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from flowstone.dsl.partitions import escape
from flowstone.errors import StorageError
from flowstone.io.contract import Options, Slot
from flowstone.io.filesystem import FilesystemOptions
from flowstone.io.paths import expand, location


@pytest.mark.parametrize(
    "path", ["a.json", "a/b/{partition}.json", "{asset}/{partition}", "größe/ü x.txt", "a{partition}b"]
)
def test_portable_relative_paths_are_taken(path):
    assert FilesystemOptions(path=path).path == path


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/etc/passwd", "absolute"),
        ("../x", "stay in the store"),
        ("a/../../x", "stay in the store"),
        ("a/./x", "stay in the store"),
        ("", "empty part"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("a\0b", "character"),
        ("a\nb", "character"),
        ("a\\b", "character"),
        ("C:x", "character"),
        ("a*", "character"),
        ("con", "reserved"),
        ("x/NUL.json", "reserved"),
        ("a.", "ends with"),
        (".records/assets/a.json", "belong to FlowStone"),
        (".x.tmp", "belong to FlowStone"),
        ("{day}.json", "unknown placeholder"),
        ("{partition!r}", "unknown placeholder"),
        ("{}", "unknown placeholder"),
        ("{{partition}}", "braces"),
        ("{partition", "braces"),
        ("x" * 256, "longer than"),
        ("a\u202eb", "character"),
    ],
)
def test_other_paths_are_refused_with_the_reason(path, reason):
    with pytest.raises(ValidationError, match=re.escape(reason)):
        FilesystemOptions(path=path)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=60).filter(lambda text: len(escape(text)) <= 200))
def test_any_static_key_stays_one_part_of_the_path(key):
    path = expand("{asset}/{partition}.json", Slot("a.b", escape(key), Options()))
    assert path.count("/") == 1
    assert ".." not in path.split("/")


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_no_text_leaves_the_store(asset, partition):
    try:
        path = expand("{asset}/{partition}.json", Slot(asset, partition, Options()))
    except StorageError:
        return
    assert re.fullmatch(r"[A-Za-z0-9_.]+/[A-Za-z0-9_~+:.-]+\.json", path)
    assert not any(part.startswith(".") for part in path.split("/"))


def test_a_path_for_partitions_needs_a_partition():
    with pytest.raises(StorageError, match="no partition"):
        expand("{partition}.json", Slot("a", None, Options()))


def test_location_is_equal_for_paths_that_share_a_file():
    first = location("A", "Data/Ü.json", ".json", partitioned=False)
    assert first == location("b", unicodedata.normalize("NFD", "data/ü.JSON"), ".json", partitioned=False)
    assert first != location("b", "data/u.json", ".json", partitioned=False)


def test_location_by_default_follows_the_asset():
    assert location("shop.Orders", None, ".json", partitioned=False) == "shop.orders.json"
    assert location("orders", None, ".json", partitioned=True) == "orders/{partition}.json"
    assert location("orders", "{asset}.json", ".json", partitioned=False) == "orders.json"


def test_location_demands_the_placeholder_exactly_where_there_are_partitions():
    with pytest.raises(ValueError, match=r"share the path 'a\.json'"):
        location("a", "a.json", ".json", partitioned=True)
    with pytest.raises(ValueError, match="not partitioned"):
        location("a", "{partition}.json", ".json", partitioned=False)
