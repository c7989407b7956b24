"""Every built-in IO manager passes the contract suite."""

from pathlib import Path

import pytest

from flowstone.registry import IO_MANAGERS, io_manager_class
from flowstone.testing.io_contract import IoContract

STORES = Path(__file__).parents[1] / "stores"
ELSEWHERE = {"duckdb": "test_duckdb.py", "postgres": "test_postgres_contract.py"}
"""Those whose damage is done by statements, not to files; they have files of their own."""


def test_the_others_run_the_suite_too():
    for file in ELSEWHERE.values():
        assert "(IoContract)" in (STORES / file).read_text()


class TestBuiltIn(IoContract):
    @pytest.fixture(params=sorted(IO_MANAGERS.keys() - ELSEWHERE.keys()))
    def manager_type(self, request):
        return io_manager_class(request.param)
