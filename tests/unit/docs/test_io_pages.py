"""The pages for those who write IO managers: what they say is so, and their example works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flowstone.testing.io_contract import IoContract

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "plugins" / "npy"
GUIDE = (ROOT / "docs" / "guide" / "write-an-io-manager.md").read_text(encoding="utf-8")
CONTRACT = (ROOT / "docs" / "reference" / "io-contract.md").read_text(encoding="utf-8")
PROJECT = """
[tool.flowstone]
sources = ["pipeline.py"]
[tool.flowstone.io_managers.local]
type = "npy"
"""
PIPELINE = """
import numpy as np
from flowstone import asset


@asset
def numbers() -> np.ndarray:
    return np.arange(3)


@asset
def total(numbers: np.ndarray) -> {type}:
    return np.array([numbers.sum()])
"""


def test_the_contract_names_every_test_once():
    tests = [name for name in dir(IoContract) if name.startswith("test_")]
    assert sorted(re.findall(r"`(test_\w+)`", CONTRACT)) == tests


@pytest.mark.parametrize(
    "path", ["src/flowstone_npy/__init__.py", "src/flowstone_npy/samples.py", "tests/test_npy.py", "pyproject.toml"]
)
def test_the_guide_shows_the_example_as_it_is(path):
    assert (EXAMPLE / path).read_text(encoding="utf-8").strip() in GUIDE


def test_the_manager_of_the_guide_has_forty_lines():
    assert len((EXAMPLE / "src" / "flowstone_npy" / "__init__.py").read_text().splitlines()) <= 40


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Runs a program where the example's package is installed."""
    pytest.importorskip("numpy")
    folder = tmp_path_factory.mktemp("plugin")
    source, site = folder / "npy", folder / "site"
    shutil.copytree(EXAMPLE, source)
    pip = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(site)]
    subprocess.run([sys.executable, "-m", *pip, str(source)], check=True, capture_output=True, text=True)
    environment = {"PYTHONPATH": f"{site}:{ROOT / 'src'}", "PATH": "/usr/bin:/bin"}

    def run(*command, cwd=source):
        return subprocess.run(
            [sys.executable, "-m", *command], cwd=cwd, env=environment, capture_output=True, text=True
        )

    return run


def test_the_example_passes_the_contract_suite(installed):
    answer = installed("pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert re.search(r"\d{2} passed", answer.stdout), answer.stdout


@pytest.mark.parametrize(("type", "code", "says"), [("np.ndarray", 0, "All 2 assets fine"), ("list[int]", 1, "FS308")])
def test_check_asks_the_manager(installed, tmp_path, type, code, says):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "pipeline.py").write_text(PIPELINE.format(type=type))
    answer = installed("flowstone", "check", cwd=tmp_path)
    assert (answer.returncode, says in answer.stdout + answer.stderr) == (code, True), answer.stdout + answer.stderr


def test_a_project_runs_with_it(installed, tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "pipeline.py").write_text(PIPELINE.format(type="np.ndarray"))
    answer = installed("flowstone", "run", cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert sorted(path.name for path in tmp_path.rglob("*.npy")) == ["numbers.npy", "total.npy"]
