"""Every built-in IO manager passes the contract suite."""

from pathlib import Path

import pytest

from flowstone.registry import IO_MANAGERS, io_manager_class
from flowstone.testing.io_contract import IoContract

STORES = Path(__file__).parents[1] / "stores"
NEED_A_SERVER = ("postgres",)
"""Their suites start one."""


def test_those_with_a_server_run_the_suite_too():
    for name in NEED_A_SERVER:
        assert "(IoContract)" in (STORES / f"test_{name}_contract.py").read_text()


class TestBuiltIn(IoContract):
    @pytest.fixture(params=sorted(IO_MANAGERS.keys() - set(NEED_A_SERVER)))
    def manager_type(self, request):
        return io_manager_class(request.param)
