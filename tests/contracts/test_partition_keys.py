"""Any static key has a place of its own in a file store."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowstone.dsl.partitions import MAX_KEY_LENGTH, escape
from flowstone.io.filesystem import FilesystemManager
from flowstone.testing.io_actions import open_manager, slot_of, store

keys = st.text(min_size=1, max_size=40).filter(lambda key: len(escape(key)) <= MAX_KEY_LENGTH)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("keys") / "project"
    root.mkdir()
    return root


@settings(max_examples=40, deadline=None)
@given(chosen=st.lists(keys, min_size=1, max_size=5, unique_by=lambda key: escape(key).casefold()))
def test_keys_never_share_a_place_nor_leave_the_store(project, chosen):
    manager = open_manager(FilesystemManager, {}, project)
    slots = [slot_of(manager, escape(key)) for key in chosen]
    for slot, key in zip(slots, chosen, strict=True):
        store(manager, slot, key)
    assert [manager.read(slot, None)[1] for slot in slots] == chosen
    assert [record.partition for record in manager.records(slots[0])] == sorted(escape(key) for key in chosen)
    assert [path.name for path in project.parent.iterdir()] == ["project"]
    for slot in slots:
        assert manager.delete(slot)
