"""``flowstone check`` of 1,000 assets in 100 modules beside ``ruff check`` and ``dagster definitions validate``."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from benchmarks import environments, projects
from benchmarks.measure import Command, CommandFailedError, rounds
from benchmarks.table import Row, demand

ASSETS = 1000
NAME = "check 1,000 assets"
LIMITS = {
    "cold": 1.0,
    "warm": 0.2,
    "one function edited": 0.3,
    "one declaration edited": 0.3,
    "one asset renamed": 0.5,
}
"""Seconds."""
PROGRAMS = Path(__file__).parent / "programs"


def measure(folder: Path, count: int) -> list[Row]:
    """The rows of this benchmark. Errors: CommandFailedError."""
    project = folder / "check"
    projects.write_realistic(project, ASSETS)
    projects.write_dagster(folder / "dagster", ASSETS)
    edited = project / "pipelines" / "module_050.py"
    original = edited.read_text(encoding="utf-8")
    numbers = iter(range(11, 1_000_000))

    def begin() -> None:
        _write(edited, original)
        forgetting(project)()

    def edit(old: str, new: str) -> Callable[[], None]:
        def prepare() -> None:
            _write(edited, original)
            subprocess.run(flowstone, cwd=project, check=True)  # so that the cache is that of the text before
            _write(edited, original.replace(old, new.format(next(numbers)), 1))

        return prepare

    flowstone = command()
    ruff = str(Path(environments.core()).with_name("ruff"))
    dagster = str(Path(environments.others()).with_name("dagster"))
    found = rounds(
        {
            "cold": Command(flowstone, project, prepare=begin),
            "warm": Command(flowstone, project),
            "one function edited": Command(flowstone, project, prepare=edit("result = ", "made = {}\n    result = ")),
            "one declaration edited": Command(flowstone, project, prepare=edit('timeout="10m"', 'timeout="{}m"')),
            "one asset renamed": Command(
                flowstone, project, prepare=edit("def asset_0507(", "def renamed_{}("), accepts=(1,)
            ),
            "ruff check --no-cache": Command([ruff, "check", "--isolated", "--no-cache", "."], project),
            "dagster definitions validate": Command(
                [dagster, "definitions", "validate", "-f", "definitions.py"], folder / "dagster"
            ),
        },
        count,
    )
    begin()
    base = found["ruff check --no-cache"].seconds
    rows = [
        demand(NAME, name, found[name].seconds, "s", limit, found[name].seconds / base)
        for name, limit in LIMITS.items()
    ]
    rows += [
        Row(NAME, name, found[name].seconds, "s", found[name].seconds / base) for name in found if name not in LIMITS
    ]
    rows += [Row(NAME, f"{name}, processor time", found[name].cpu, "s") for name in LIMITS]
    rows.append(demand(NAME, "peak memory, cold", found["cold"].megabytes, "MB", 300))
    rows.append(demand(NAME, "user modules loaded", _user_modules(project), "", 0))
    return rows


def command() -> list[str]:
    """How a project is checked."""
    return [environments.core(), "-m", "flowstone", "check", "--quiet"]


def forgetting(project: Path) -> Callable[[], None]:
    """What makes the next check a cold one."""
    return lambda: shutil.rmtree(project / ".flowstone", ignore_errors=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _user_modules(project: Path) -> int:
    """How many modules of the user or of its packages are loaded by a check."""
    argv = [environments.core(), str(PROGRAMS / "check_imports.py"), str(project)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailedError(done.stdout + done.stderr)
    return len(done.stdout.rpartition("user modules:")[2].split())
