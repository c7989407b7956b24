import pytest

from flowstone.errors import DamagedError, NotMaterializedError, StorageError
from flowstone.io.contract import Slot
from flowstone.io.memory import MemoryConfig, MemoryManager, MemoryOptions
from flowstone.ir.types import TypeExpr


def version(value):
    manager = MemoryManager("memory", MemoryConfig(), None)
    return manager.stage(Slot("a", None, MemoryOptions()), value).data_version


def test_values_are_kept_as_they_are(shelf):
    value = object()
    assert shelf(MemoryManager).again(value) is value


def test_versions_tell_types_apart():
    values = [1, 1.0, True, "1", b"1", None, "None", (1,), [1], {1}]
    assert len({version(value) for value in values}) == len(values)


def test_versions_of_equal_values_are_equal():
    class Local:
        pass

    assert version({"a", "b", "c"}) == version({"c", "b", "a"})
    assert version(len) == version(len)
    assert version(Local()) != version(Local())


def test_each_manager_has_its_own_values(shelf):
    first, second = shelf(MemoryManager), shelf(MemoryManager)
    first.put(1)
    assert second.manager.record(second.slot) is None


def test_a_value_that_was_replaced_is_not_given_out_for_the_old_record(shelf):
    store = shelf(MemoryManager)
    old = store.put(1)
    store.put(2)
    assert not store.manager.intact(store.slot, old)
    with pytest.raises(DamagedError):
        store.manager.load(store.slot, old, None)


def test_a_reader_that_others_are_always_ahead_of_is_told_so(shelf, monkeypatch):
    store = shelf(MemoryManager)
    store.put(0)

    def late(slot, record, type):
        store.put(record.data_version)
        raise DamagedError("replaced")

    monkeypatch.setattr(store.manager, "load", late)
    with pytest.raises(StorageError, match="was published 100 times while it was read") as caught:
        store.manager.read(store.slot, None)
    assert not isinstance(caught.value, NotMaterializedError)


def test_nothing_is_refused_and_nothing_collides():
    assert MemoryManager.refuses(TypeExpr(name="Iterator"), MemoryOptions(), loading=False) is None
    assert MemoryManager.location("a", MemoryOptions(), partitioned=True) is None
    assert not MemoryManager.traits.durable
