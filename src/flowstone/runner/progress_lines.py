"""What happens in a run, one JSON object a line, at once: for programs that watch it."""

from __future__ import annotations

import json
from typing import Any, TextIO

from flowstone.runner.logs import Head
from flowstone.runner.plan import Plan, Task
from flowstone.runner.progress import Reporter
from flowstone.runner.result import Result
from flowstone.runner.summary import Summary


class JsonLines(Reporter):
    """Each line has an ``event``; those of tasks have ``step`` and ``partition``."""

    def __init__(self, results: TextIO, run_id: str | None) -> None:
        """``run_id`` is None if there was nothing to run."""
        self._results = results
        self._run_id = run_id

    def begin(self, plan: Plan) -> None:
        self._line("begin", run_id=self._run_id, tasks=len(plan.tasks))

    def note(self, text: str) -> None:
        self._line("note", text=text)

    def started(self, task: Task) -> None:
        self._line("started", task)

    def finished(self, task: Task, result: Result) -> None:
        self._line("finished", task, **result.to_json())

    def retrying(self, task: Task, result: Result, attempt: int, wait: float) -> None:
        self._line("retrying", task, attempt=attempt, wait=wait, **result.to_json())

    def skipped(self, task: Task, cause: Task) -> None:
        self._line("skipped", task, because={"step": cause.step, "partition": cause.partition})

    def slow(self, task: Task | None, elapsed: float, usual: float) -> None:
        self._line("slow", task, elapsed=elapsed, usual=usual)

    def output(self, head: Head, text: str) -> None:
        self._line("output", Task(head.step, head.partition, ()), attempt=head.attempt, text=text)

    def end(self, summary: Summary) -> None:
        self._line("end", **summary.figures())

    def _line(self, event: str, task: Task | None = None, **more: Any) -> None:
        place = {} if task is None else {"step": task.step, "partition": task.partition}
        self._results.write(json.dumps({"event": event, **place, **more}) + "\n")
        self._results.flush()
