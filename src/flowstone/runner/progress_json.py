"""The whole run as one JSON document on the standard output."""

from __future__ import annotations

import json
from typing import Any, TextIO

from flowstone.runner.plan import Task
from flowstone.runner.progress import Reporter
from flowstone.runner.result import Result
from flowstone.runner.summary import Summary


class JsonDocument(Reporter):
    """Collects everything, and prints it at the end."""

    def __init__(self, results: TextIO, run_id: str | None) -> None:
        """``run_id`` is None if there was nothing to run."""
        self._results = results
        self._run_id = run_id
        self._notes: list[str] = []
        self._slow: list[dict[str, Any]] = []
        self._tasks: list[dict[str, Any]] = []

    def note(self, text: str) -> None:
        self._notes.append(text)

    def finished(self, task: Task, result: Result) -> None:
        figures = result.to_json()
        failure = figures.pop("failure")
        if failure is not None:
            del failure["retryable"]
        self._tasks.append({"step": task.step, "partition": task.partition, **figures, "failure": failure})

    def skipped(self, task: Task, cause: Task) -> None:
        self._tasks.append(
            {
                "step": task.step,
                "partition": task.partition,
                "status": "skipped",
                "because": {"step": cause.step, "partition": cause.partition},
            }
        )

    def slow(self, task: Task | None, elapsed: float, usual: float) -> None:
        place = {"step": None if task is None else task.step, "partition": None if task is None else task.partition}
        self._slow.append({**place, "elapsed": elapsed, "usual": usual})

    def end(self, summary: Summary) -> None:
        document = {
            "run_id": self._run_id,
            **summary.figures(),
            "notes": self._notes,
            "slow": self._slow,
            "tasks": self._tasks,
        }
        json.dump(document, self._results, indent=2)
        self._results.write("\n")
