"""The programs that the benchmarks of this project start do their work."""

import sys

import pytest

from benchmarks import projects
from benchmarks.measure import Command, rounds
from benchmarks.run_speed import PROGRAMS


@pytest.mark.parametrize(
    ("manager", "executor"), [("memory", "inline"), ("filesystem", "inline"), ("filesystem", "thread")]
)
def test_a_run_is_measured(tmp_path, manager, executor):
    folder = tmp_path / "project"
    projects.write_trivial(folder, 5, manager)
    argv = [sys.executable, str(PROGRAMS / "flowstone_run.py"), str(folder), executor]
    found = rounds({"run": Command(argv, tmp_path, reported=True)}, 1)
    assert 0 < found["run"].seconds < 60
    assert len(list((folder / ".flowstone" / "data").rglob("*.json"))) == (0 if manager == "memory" else 10)


def test_modules_that_a_check_loads_are_listed(tmp_path):
    folder = tmp_path / "project"
    projects.write_realistic(folder, 10)
    argv = [sys.executable, str(PROGRAMS / "check_imports.py"), str(folder)]
    assert rounds({"check": Command(argv, tmp_path)}, 1)["check"].seconds > 0


def test_how_busy_a_pool_is_is_measured(tmp_path):
    projects.write_busy(tmp_path / "project", 4)
    argv = [sys.executable, str(PROGRAMS / "busy_run.py"), str(tmp_path / "project"), "2"]
    assert 0 < rounds({"busy": Command(argv, tmp_path, reported=True)}, 1)["busy"].seconds <= 1
