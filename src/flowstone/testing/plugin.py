"""The pytest plugin: a project that runs in memory, as a fixture. Pytest finds it wherever FlowStone is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flowstone.testing.project import InMemoryProject

_ROOT = "flowstone_root"
_PROFILE = "flowstone_profile"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's settings."""
    parser.addini(_ROOT, "Folder of the FlowStone project, relative to pytest's own root.", default=".")
    parser.addini(_PROFILE, "Profile of the FlowStone project.", default="")


@pytest.fixture(scope="session")
def _flowstone_sources(pytestconfig: pytest.Config) -> InMemoryProject:
    """The project, read once."""
    from flowstone.testing.project import InMemoryProject

    folder = Path(pytestconfig.rootpath, pytestconfig.getini(_ROOT))
    return InMemoryProject.open(folder, profile=pytestconfig.getini(_PROFILE) or None)


@pytest.fixture
def flowstone_project(_flowstone_sources: InMemoryProject) -> InMemoryProject:
    """The project with nothing stored yet; everything is stored in memory."""
    return _flowstone_sources.having()
