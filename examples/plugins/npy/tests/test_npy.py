"""The manager passes the contract suite, and FlowStone finds it."""

import numpy as np
import pytest
from flowstone_npy import NpyManager

from flowstone.errors import UnsupportedTypeError
from flowstone.registry import io_manager_class
from flowstone.testing.io_actions import open_manager, slot_of
from flowstone.testing.io_contract import IoContract


class TestNpy(IoContract):
    samples_from = "flowstone_npy.samples:SAMPLES"

    @pytest.fixture
    def manager_type(self):
        return NpyManager


def test_it_is_found_by_its_entry_point():
    assert io_manager_class("npy") is NpyManager


@pytest.mark.parametrize("value", [[1, 2], np.array(["x", None], dtype=object)])
def test_what_is_no_array_of_numbers_is_refused(tmp_path, value):
    manager = open_manager(NpyManager, {}, tmp_path)
    with pytest.raises(UnsupportedTypeError, match=r"shop\.orders: an array of numbers is wanted"):
        manager.stage(slot_of(manager), value)
