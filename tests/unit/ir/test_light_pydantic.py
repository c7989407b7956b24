"""Our models need no plugins of pydantic; what the user runs keeps them."""

import os
import subprocess
import sys

from flowstone.ir.light_pydantic import SWITCH, without_plugins

SCRIPT = """
import os, sys
from flowstone.ir.light_pydantic import without_plugins

with without_plugins():
    from flowstone.ir.node import Location

    Location(file="a.py", line=1, column=1, end_line=1, end_column=2)
assert "importlib.metadata" not in sys.modules
assert "PYDANTIC_DISABLE_PLUGINS" not in os.environ
from importlib.metadata import version

assert version("pydantic")
from pydantic.plugin import _loader

assert [*_loader.get_plugins()] == [] and [*_loader.entry_points(group="console_scripts")]
"""


def test_what_pydantic_looks_for_plugins_with_is_imported_when_it_looks():
    environment = {key: value for key, value in os.environ.items() if key != SWITCH}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    subprocess.run([sys.executable, "-c", SCRIPT], env=environment, check=True)


def test_the_switch_is_as_it_was_before(monkeypatch):
    for before in (None, "logfire", "__all__"):
        monkeypatch.delenv(SWITCH, raising=False)
        if before is not None:
            monkeypatch.setenv(SWITCH, before)
        with without_plugins():
            assert os.environ[SWITCH] == "__all__"
        assert os.environ.get(SWITCH) == before
