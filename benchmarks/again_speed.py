"""What the local runner takes where nothing or little is to be done: a run again, and plans of many partitions."""

from __future__ import annotations

from pathlib import Path

from benchmarks import environments, projects
from benchmarks.measure import Command, rounds, sample
from benchmarks.table import Row, demand

ASSETS = 1000
PARTITIONS = 10_000
NAME = "run again"
_KEYS = ("--partitions", "1990-01-01..2017-05-18")
"""So many days."""


def measure(folder: Path, count: int) -> list[Row]:
    """The rows of this benchmark. Errors: CommandFailedError."""
    assets, days = folder / "again-assets", folder / "again-days"
    projects.write_trivial(assets, ASSETS, "filesystem")
    projects.write_days(days)
    again = _flowstone(assets, "run", "--quiet", "--executor", "inline")
    made = _flowstone(days, "run", "day", "--quiet", "--executor", "inline", *_KEYS)
    sample(again)
    sample(made)
    commands = {
        f"{ASSETS:,} assets": again,
        f"{PARTITIONS:,} partitions": made,
        f"plan of {PARTITIONS:,} partitions, nothing to do": _flowstone(days, "plan", "day", *_KEYS),
        f"plan of a backfill of {PARTITIONS:,} partitions": _flowstone(
            days, "backfill", "balance", "--dry-run", *_KEYS
        ),
    }
    found = rounds(commands, count)
    limits = dict(zip(commands, (0.5, 2, 2, 2), strict=True))
    rows = []
    for name, item in found.items():
        rows.append(demand(NAME, name, item.seconds, "s", limits[name]))
        rows.append(Row(NAME, f"{name}, processor time", item.cpu, "s"))
        rows.append(Row(NAME, f"{name}, peak memory", item.megabytes, "MB"))
    return rows


def _flowstone(folder: Path, *arguments: str) -> Command:
    return Command([environments.core(), "-m", "flowstone", *arguments], folder)
