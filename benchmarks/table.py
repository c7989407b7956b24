"""Results as a table, and as JSON for comparison over time."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure."""

    benchmark: str
    contender: str
    value: float
    unit: str
    ratio: float | None = None
    """To the figure that the benchmark compares with."""
    bar: str = ""
    """What is demanded of it."""
    passed: bool | None = None


def demand(benchmark: str, contender: str, value: float, unit: str, limit: float, ratio: float | None = None) -> Row:
    """A figure that must not be greater than a limit."""
    return Row(benchmark, contender, value, unit, ratio, f"<= {limit:g} {unit}", value <= limit)


def demand_ratio(benchmark: str, contender: str, value: float, unit: str, ratio: float, limit: float) -> Row:
    """A figure whose ratio to another must not be greater than a limit."""
    return Row(benchmark, contender, value, unit, ratio, f"<= {limit:g} times", ratio <= limit)


def at_least(benchmark: str, contender: str, value: float, unit: str, limit: float) -> Row:
    """A figure that must not be less than a limit."""
    return Row(benchmark, contender, value, unit, None, f">= {limit:g} {unit}", value >= limit)


def to_text(rows: list[Row]) -> str:
    """The rows in columns."""
    cells = [("benchmark", "contender", "value", "ratio", "bar", "")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = {None: "", True: "ok", False: "TOO SLOW"}[row.passed]
        cells.append((row.benchmark, row.contender, f"{row.value:.4g} {row.unit}", ratio, row.bar, verdict))
    widths = [max(len(line[column]) for line in cells) for column in range(6)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def write_json(rows: list[Row], path: Path) -> None:
    """Keep the rows in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
