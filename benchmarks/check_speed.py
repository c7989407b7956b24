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
PROGRAMS = Path(__file__).parent / "programs"


def measure(folder: Path, count: int) -> list[Row]:
    """The rows of this benchmark. Errors: CommandFailedError."""
    project = folder / "check"
    projects.write_realistic(project, ASSETS)
    projects.write_dagster(folder / "dagster", ASSETS)
    edited = project / "pipelines" / "module_050.py"
    numbers = iter(range(1_000_000))

    def forget() -> None:
        shutil.rmtree(project / ".flowstone", ignore_errors=True)

    def edit(old: str, new: str) -> Callable[[], None]:
        original = edited.read_text(encoding="utf-8")

        def prepare() -> None:
            _write(edited, original)
            subprocess.run(flowstone, cwd=project, check=True)  # so that the cache is that of the text before
            _write(edited, original.replace(old, new.format(next(numbers)), 1))

        return prepare

    flowstone = [environments.core(), "-m", "flowstone", "check", "--quiet"]
    body = edit("result = ", "made = {}\n    result = ")
    declaration = edit('timeout="10m"', 'timeout="{}m"')
    ruff = str(Path(environments.core()).with_name("ruff"))
    dagster = str(Path(environments.others()).with_name("dagster"))
    found = rounds(
        {
            "cold": Command(flowstone, project, prepare=forget),
            "warm": Command(flowstone, project),
            "one function edited": Command(flowstone, project, prepare=body),
            "one declaration edited": Command(flowstone, project, prepare=declaration),
            "ruff check --no-cache": Command([ruff, "check", "--isolated", "--no-cache", "."], project),
            "dagster definitions validate": Command(
                [dagster, "definitions", "validate", "-f", "definitions.py"], folder / "dagster"
            ),
        },
        count,
    )
    base = found["ruff check --no-cache"].seconds
    limits = {"cold": 1.5, "warm": 0.3, "one function edited": 0.4, "one declaration edited": 0.4}
    rows = [
        demand(NAME, name, found[name].seconds, "s", limit, found[name].seconds / base)
        for name, limit in limits.items()
    ]
    rows += [
        Row(NAME, name, found[name].seconds, "s", found[name].seconds / base) for name in found if name not in limits
    ]
    rows += [Row(NAME, f"{name}, processor time", found[name].cpu, "s") for name in limits]
    rows.append(demand(NAME, "peak memory, cold", found["cold"].megabytes, "MB", 300))
    rows.append(demand(NAME, "user modules loaded", _user_modules(project), "", 0))
    return rows


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _user_modules(project: Path) -> int:
    """How many modules of the user or of its packages are loaded by a check."""
    argv = [environments.core(), str(PROGRAMS / "check_imports.py"), str(project)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailedError(done.stdout + done.stderr)
    return len(done.stdout.rpartition("user modules:")[2].split())
