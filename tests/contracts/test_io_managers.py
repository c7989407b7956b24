"""Every built-in IO manager passes the contract suite."""

import pytest

from flowstone.registry import IO_MANAGERS, io_manager_class
from flowstone.testing.io_contract import IoContract


class TestBuiltIn(IoContract):
    @pytest.fixture(params=sorted(IO_MANAGERS))
    def manager_type(self, request):
        return io_manager_class(request.param)
