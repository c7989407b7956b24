"""Stores in a temporary project, and the few calls that most tests make."""

from dataclasses import dataclass

import pytest

from flowstone.io.contract import IOManager, Slot
from flowstone.ir.types import TypeExpr
from flowstone.testing.io_actions import open_manager, record_of, store


@dataclass
class Shelf:
    """A manager and one slot of it."""

    manager: IOManager
    slot: Slot

    def put(self, value, slot=None):
        return store(self.manager, slot or self.slot, value)

    def get(self, type=None, slot=None):
        return self.manager.read(slot or self.slot, TypeExpr(name=type) if isinstance(type, str) else type)[1]

    def again(self, value, type=None):
        self.put(value)
        return self.get(type)

    def files(self):
        root = self.manager.root
        found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return sorted(str(path) for path in found if path.parts[0] != ".records")


@pytest.fixture
def shelf(tmp_path):
    """Makes a shelf: ``shelf(ManagerClass, partition=..., config={...}, **options)``."""

    def make(manager_type, *, partition=None, asset="shop.orders", config=None, **options):
        manager = open_manager(manager_type, config or {}, tmp_path)
        return Shelf(manager, Slot(asset, partition, manager_type.AssetOptions(**options)))

    return make


@pytest.fixture
def make_record():
    return record_of
