import subprocess
import sys

import pytest

from flowstone.errors import DamagedError, NotMaterializedError
from flowstone.io.contract import Slot
from flowstone.io.filesystem import FilesystemManager
from flowstone.io.memory import MemoryManager
from flowstone.registry import IO_MANAGERS, io_manager_class


@pytest.mark.parametrize("dotted", sorted({name.partition(":")[0] for name in IO_MANAGERS.values()}))
def test_importing_a_manager_imports_no_package_that_it_stores_with(dotted):
    code = f"import sys, {dotted}; print(sorted({{'polars', 'pandas', 'pyarrow', 'numpy'}} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


@pytest.mark.parametrize("name", sorted(IO_MANAGERS))
def test_options_are_frozen_and_strict(name):
    manager = io_manager_class(name)
    for model in (manager.Config, manager.AssetOptions):
        with pytest.raises(ValueError, match="extra"):
            model.model_validate({"no_such_option": 1})
        assert model.model_config["frozen"]


def test_labels_name_asset_and_partition():
    options = MemoryManager.AssetOptions()
    assert Slot("a.b", None, options).label == "a.b"
    assert Slot("a.b", "2024-01-01", options).label == "a.b[2024-01-01]"


def test_read_looks_again_when_the_value_was_replaced(shelf, monkeypatch):
    store = shelf(FilesystemManager)
    old = store.put("old")
    new = store.put("new")
    records = iter([old, new, new])
    monkeypatch.setattr(store.manager, "record", lambda slot: next(records))
    assert store.manager.read(store.slot, None) == (new, "new")


def test_read_does_not_hide_damage(shelf):
    store = shelf(FilesystemManager)
    store.put("value")
    (store.manager.root / "shop.orders.json").write_text('"other"')
    with pytest.raises(DamagedError, match=r"shop\.orders"):
        store.get()
    (store.manager.root / "shop.orders.json").unlink()
    with pytest.raises(NotMaterializedError, match="gone"):
        store.get()
