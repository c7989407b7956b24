"""What the local runner costs for each of 1,000 trivial assets, beside Hamilton and a plain loop."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks import environments, projects
from benchmarks.measure import Command, rounds
from benchmarks.table import Row, demand, demand_ratio

ASSETS = 1000
ON_DISK = 500
"""Assets at a time on disk, so that turns are short: how long a disk takes to sync changes from second to second."""
TURNS = 2
"""Turns on disk in each round."""
NAME = "run 1,000 assets"
PROGRAMS = Path(__file__).parent / "programs"


def measure(folder: Path, count: int) -> list[Row]:
    """The rows of this benchmark. Errors: CommandFailedError."""
    names = ("run-memory", "run-disk", "hamilton", "hamilton-cached", "loop")
    in_memory, on_disk, hamilton, cached, loop = (folder / name for name in names)
    projects.write_trivial(in_memory, ASSETS, "memory")
    projects.write_trivial(on_disk, ON_DISK, "filesystem")
    projects.write_hamilton(hamilton, ASSETS)
    projects.write_hamilton(cached, ON_DISK)

    def program(name: str, *arguments: object, python: str | None = None, clear: Path | None = None) -> Command:
        argv = [python or environments.core(), str(PROGRAMS / name), *map(str, arguments)]
        prepare = None if clear is None else lambda: shutil.rmtree(clear, ignore_errors=True)
        return Command(argv, folder, prepare=prepare, reported=True)

    others = environments.others()
    memory_runs = {
        "FlowStone, memory": program("flowstone_run.py", in_memory, "inline"),
        "Hamilton, memory": program("hamilton_run.py", hamilton, "memory", python=others),
        "loop, memory": program("loop.py", loop, ASSETS, "memory"),
    }
    state = on_disk / ".flowstone"
    disk_runs = {
        "FlowStone, disk, inline": program("flowstone_run.py", on_disk, "inline", clear=state),
        "loop, same writes": program("loop.py", state / "data" / "store", ON_DISK, "disk", clear=state),
        "FlowStone, disk, threads": program("flowstone_run.py", on_disk, "thread", clear=state),
        "Hamilton, cache on disk": program("hamilton_run.py", cached, "disk", python=others, clear=cached / "cache"),
    }
    cost = {name: item.seconds / ASSETS * 1e6 for name, item in rounds(memory_runs, count).items()}
    cost |= {name: item.seconds / ON_DISK * 1e6 for name, item in rounds(disk_runs, count * TURNS).items()}
    memory, disk = cost["Hamilton, memory"], cost["loop, same writes"]
    rows = [demand(NAME, "FlowStone, memory", cost["FlowStone, memory"], "us", 100, cost["FlowStone, memory"] / memory)]
    rows += [Row(NAME, name, cost[name], "us", cost[name] / memory) for name in ("Hamilton, memory", "loop, memory")]
    inline = cost["FlowStone, disk, inline"]
    rows.append(demand_ratio(NAME, "FlowStone, disk, inline", inline, "us", inline / disk, 1.3))
    names = ("FlowStone, disk, threads", "Hamilton, cache on disk", "loop, same writes")
    rows += [Row(NAME, name, cost[name], "us", cost[name] / disk) for name in names]
    return rows
