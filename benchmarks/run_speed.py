"""What the local runner costs for each of 1,000 trivial assets, beside Hamilton and a plain loop."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks import environments, projects
from benchmarks.measure import Command, rounds
from benchmarks.table import Row, demand, demand_ratio

ASSETS = 1000
NAME = "run 1,000 assets"
PROGRAMS = Path(__file__).parent / "programs"


def measure(folder: Path, count: int) -> list[Row]:
    """The rows of this benchmark. Errors: CommandFailedError."""
    in_memory, on_disk, hamilton, loop = (folder / name for name in ("run-memory", "run-disk", "hamilton", "loop"))
    projects.write_trivial(in_memory, ASSETS, "memory")
    projects.write_trivial(on_disk, ASSETS, "filesystem")
    projects.write_hamilton(hamilton, ASSETS)

    def program(name: str, *arguments: object, python: str | None = None, clear: Path | None = None) -> Command:
        argv = [python or environments.core(), str(PROGRAMS / name), *map(str, arguments)]
        prepare = None if clear is None else lambda: shutil.rmtree(clear, ignore_errors=True)
        return Command(argv, folder, prepare=prepare, reported=True)

    others = environments.others()
    found = rounds(
        {
            "FlowStone, memory": program("flowstone_run.py", in_memory, "inline"),
            "Hamilton, memory": program("hamilton_run.py", hamilton, "memory", python=others),
            "loop, memory": program("loop.py", loop, ASSETS, "memory"),
            "FlowStone, disk, inline": program("flowstone_run.py", on_disk, "inline", clear=on_disk / ".flowstone"),
            "FlowStone, disk, threads": program("flowstone_run.py", on_disk, "thread", clear=on_disk / ".flowstone"),
            "Hamilton, cache on disk": program(
                "hamilton_run.py", hamilton, "disk", python=others, clear=hamilton / "cache"
            ),
            "loop, same writes": program("loop.py", loop, ASSETS, "disk", clear=loop),
        },
        count,
    )
    cost = {name: item.seconds / ASSETS * 1e6 for name, item in found.items()}
    memory, disk = cost["Hamilton, memory"], cost["loop, same writes"]
    rows = [demand(NAME, "FlowStone, memory", cost["FlowStone, memory"], "us", 100, cost["FlowStone, memory"] / memory)]
    rows += [Row(NAME, name, cost[name], "us", cost[name] / memory) for name in ("Hamilton, memory", "loop, memory")]
    inline = cost["FlowStone, disk, inline"]
    rows.append(demand_ratio(NAME, "FlowStone, disk, inline", inline, "us", inline / disk, 1.5))
    names = ("FlowStone, disk, threads", "Hamilton, cache on disk", "loop, same writes")
    rows += [Row(NAME, name, cost[name], "us", cost[name] / disk) for name in names]
    return rows
