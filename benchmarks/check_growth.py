"""How a cold ``flowstone check`` grows with the project, and odd graphs: none may take more than its share."""

from __future__ import annotations

from pathlib import Path

from benchmarks import projects
from benchmarks.check_speed import command, forgetting
from benchmarks.measure import Command, Sample, rounds
from benchmarks.table import Row, demand

NAME = "check, growth"
SMALL, LARGE, HUGE = 1000, 10_000, 50_000
ODD = 5000
"""Assets of the odd graphs."""
ROUNDS = 3
"""What takes so long is measured so many times at the most, the largest project once."""


def measure(folder: Path, count: int) -> list[Row]:
    """The rows of this benchmark. Errors: CommandFailedError."""
    small, large, huge = (_realistic(folder / f"growth-{number}", number) for number in (SMALL, LARGE, HUGE))
    odd = {shape: _odd(folder / f"odd-{shape}", shape) for shape in projects.ODD_GRAPHS}
    found = rounds({"small": small, "large": large, **odd}, min(count, ROUNDS))
    found |= rounds({"huge": huge}, 1)
    rows = [
        demand(NAME, "10,000 assets, cold", found["large"].seconds, "s", 10),
        Row(NAME, "10,000 assets, cold, processor time", found["large"].cpu, "s"),
        demand(NAME, "10,000 assets, cold, peak memory", found["large"].megabytes, "MB", 1000),
        _growth("from 1,000 to 10,000 assets", found["small"], found["large"], LARGE / SMALL),
        Row(NAME, "50,000 assets, cold", found["huge"].seconds, "s"),
        Row(NAME, "50,000 assets, cold, peak memory", found["huge"].megabytes, "MB"),
        _growth("from 10,000 to 50,000 assets", found["large"], found["huge"], HUGE / LARGE),
    ]
    rows += [demand(NAME, f"{projects.ODD_GRAPHS[shape]}, cold", found[shape].seconds, "s", 5) for shape in odd]
    return rows


def _growth(name: str, before: Sample, after: Sample, times: float) -> Row:
    """Processor time for so many times the assets: what grows in a straight line takes no more than that."""
    return demand(NAME, f"processor time {name}", after.cpu / before.cpu, "times", times * 1.15)


def _realistic(folder: Path, assets: int) -> Command:
    projects.write_realistic(folder, assets)
    return Command(command(), folder, prepare=forgetting(folder))


def _odd(folder: Path, shape: str) -> Command:
    projects.write_odd(folder, shape, ODD)
    return Command(command(), folder, prepare=forgetting(folder), accepts=(1,) if shape == "cycle" else (0,))
