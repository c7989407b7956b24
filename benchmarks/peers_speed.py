"""What a trivial asset costs in memory, beside the tools that people use for the same, and how busy a pool is."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks import environments, projects
from benchmarks.measure import Command, rounds
from benchmarks.table import Row, at_least, demand

MANY, SOME, FEW = 10_000, 1_000, 100
"""Assets for FlowStone and Hamilton, and for the others: those take milliseconds for each."""
NAME = "an asset in memory"
BUSY = "pool of processes"
PROGRAMS = Path(__file__).parent / "programs"
LIMIT = 50
"""Microseconds."""


def measure(folder: Path, count: int) -> list[Row]:
    """The rows of this benchmark. Errors: CommandFailedError."""
    return [*_in_memory(folder, count), *_pool(folder, count)]


def _in_memory(folder: Path, count: int) -> list[Row]:
    many, some, few = (folder / f"peers-{assets}" for assets in (MANY, SOME, FEW))
    for project, assets in ((many, MANY), (some, SOME)):
        projects.write_trivial(project, assets, "memory")
        projects.write_hamilton(project / "hamilton", assets)
    projects.write_hamilton(few, FEW)
    projects.write_dagster(few / "dagster", FEW)
    core, others, prefect = environments.core(), environments.others(), environments.prefect()
    commands = {
        (f"FlowStone, {SOME:,}", SOME): _program(core, "flowstone_run.py", some, "inline"),
        (f"FlowStone, {MANY:,}", MANY): _program(core, "flowstone_run.py", many, "inline"),
        (f"Hamilton, {SOME:,}", SOME): _program(others, "hamilton_run.py", some / "hamilton", "memory"),
        (f"Kedro, {FEW}", FEW): _program(others, "kedro_run.py", few),
        (f"Dagster, {FEW}", FEW): _program(others, "dagster_run.py", few / "dagster"),
        (f"redun, {FEW}", FEW): _program(others, "redun_run.py", FEW),
    }
    if prefect is not None:
        commands[f"Prefect, {FEW}", FEW] = _program(prefect, "prefect_run.py", few)
    found = rounds({name: command for (name, _), command in commands.items()}, count)
    cost = {name: found[name].seconds / assets * 1e6 for name, assets in commands}
    base = cost[f"Hamilton, {SOME:,}"]
    return [
        demand(NAME, name, value, "us", LIMIT, value / base)
        if name.startswith("FlowStone")
        else Row(NAME, name, value, "us", value / base)
        for name, value in cost.items()
    ]


def _pool(folder: Path, count: int) -> list[Row]:
    """Which part of what the processors could have done in the time was done by the functions."""
    project, workers = folder / "busy", len(os.sched_getaffinity(0))
    projects.write_busy(project, 40 * workers)
    found = rounds({"busy": _program(environments.core(), "busy_run.py", project, workers)}, count)
    name = f"functions of 50 ms, {workers} processes: of the processors' time"
    return [at_least(BUSY, name, found["busy"].seconds * 100, "%", 90)]


def _program(python: str, name: str, *arguments: object) -> Command:
    argv = [python, str(PROGRAMS / name), *map(str, arguments)]
    return Command(argv, PROGRAMS, reported=True)
