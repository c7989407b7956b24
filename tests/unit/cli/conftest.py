"""Projects for tests of commands that run something, and the commands called on them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flowstone.cli.root import cli


@pytest.fixture
def cli_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a project of one module, the only one that is called ``cli_*.py``; it runs in the process of the test."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("FLOWSTONE_HOME", raising=False)

    def write(text: str) -> Path:
        name = f"cli_{tmp_path.name}"
        (tmp_path / f"{name}.py").write_text(text)
        (tmp_path / "flowstone.toml").write_text(f'sources = ["{name}.py"]\n[run]\nexecutor = "inline"\n')
        return tmp_path

    return write


@pytest.fixture
def call(project: Path) -> Callable[..., Result]:
    """Calls a command on the project of the test module, and demands its exit code."""

    def call(command: str, *arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(cli, [command, "-C", str(project), *arguments])
        assert result.exit_code == code, result.output
        return result

    return call
