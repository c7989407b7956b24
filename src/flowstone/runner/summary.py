"""What a run came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from flowstone.runner.plan import Task
from flowstone.runner.result import Result
from flowstone.runner.text import aligned, seconds_text

_COLUMNS = ("materialized", "reused", "failed", "skipped")


class Counts(Struct, gc=False):
    """Figures of one step."""

    materialized: int = 0
    reused: int = 0
    failed: int = 0
    skipped: int = 0
    waiting: int = 0
    rows: int | None = None
    elapsed: float = 0.0
    """Seconds of all its tasks together."""


@dataclass(slots=True)
class Summary:
    """Figures of a run, filled in while it goes on."""

    steps: dict[str, Counts] = field(default_factory=dict)
    """In the order in which they had their first result."""
    failed: list[tuple[Task, Result]] = field(default_factory=list)
    skipped: list[Task] = field(default_factory=list)
    waiting: list[Task] = field(default_factory=list)
    """Those whose values somebody has to approve."""
    retries: int = 0
    elapsed: float = 0.0
    """Seconds from the first task to the last."""

    @property
    def ok(self) -> bool:
        return not self.failed

    def total(self, status: str) -> int:
        """How many tasks ended as ``materialized``, ``reused``, ``failed``, ``skipped`` or ``waiting``."""
        return sum(getattr(counts, status) for counts in self.steps.values())

    def add(self, task: Task, result: Result) -> None:
        """Count a task that has ended for good."""
        counts = self._of(task)
        counts.elapsed += result.elapsed
        if result.status == "reused":
            counts.reused += 1
        elif result.status == "materialized":
            counts.materialized += 1
        elif result.status == "skipped":
            counts.skipped += 1
        elif result.status == "waiting":
            counts.waiting += 1
            self.waiting.append(task)
        else:
            counts.failed += 1
            self.failed.append((task, result))
        if result.rows is not None:
            counts.rows = result.rows if counts.rows is None else counts.rows + result.rows

    def skip(self, task: Task) -> None:
        """Count a task that cannot run, since something that it needs failed."""
        self._of(task).skipped += 1
        self.skipped.append(task)

    def _of(self, task: Task) -> Counts:
        found = self.steps.get(task.step)
        if found is None:
            found = self.steps[task.step] = Counts()
        return found

    def figures(self) -> dict[str, Any]:
        """The whole run in figures."""
        return {
            "ok": self.ok,
            "elapsed": self.elapsed,
            **{status: self.total(status) for status in _COLUMNS},
            "retries": self.retries,
        }

    def table(self) -> str:
        """The figures by step, with a last line of totals."""
        columns = (*_COLUMNS, "waiting") if self.waiting else _COLUMNS
        rows: list[tuple[str, ...]] = [("", *columns, "rows", "time")]
        for step, counts in self.steps.items():
            figures = [f"{getattr(counts, column):,}" for column in columns]
            many = "" if counts.rows is None else f"{counts.rows:,}"
            rows.append((step, *figures, many, seconds_text(counts.elapsed)))
        if len(self.steps) > 1:
            totals = [f"{self.total(column):,}" for column in columns]
            rows.append(("total", *totals, "", seconds_text(self.elapsed)))
        return aligned(rows)
