"""What is told while a run goes on. Progress goes to the standard error stream, results to the standard output."""

from __future__ import annotations

from functools import cached_property
from typing import TextIO

from flowstone.diagnostics.terminal import printable
from flowstone.runner.logs import Head
from flowstone.runner.plan import Plan, Task
from flowstone.runner.result import Result
from flowstone.runner.summary import Summary
from flowstone.runner.text import failure_text, head_name, result_line, seconds_text, slow_line, task_name


class Reporter:
    """Hears of everything that happens in a run, in the thread that runs the scheduler. This one tells nothing."""

    def begin(self, plan: Plan) -> None:
        """The run begins."""

    def note(self, text: str) -> None:
        """Something that a user would not expect."""

    def started(self, task: Task) -> None:
        """An attempt begins."""

    def finished(self, task: Task, result: Result) -> None:
        """A task has ended for good."""

    def retrying(self, task: Task, result: Result, attempt: int, wait: float) -> None:
        """An attempt failed, and another follows after so many seconds."""

    def skipped(self, task: Task, cause: Task) -> None:
        """A task cannot run since another failed."""

    def slow(self, task: Task | None, elapsed: float, usual: float) -> None:
        """A task, or the run, takes much longer than usual; seconds so far, and those that are usual."""

    def output(self, head: Head, text: str) -> None:
        """A function has printed a line."""

    def end(self, summary: Summary) -> None:
        """The run has ended."""

    def close(self) -> None:
        """Nothing more is told: the run has ended or was interrupted."""


class Lines(Reporter):
    """One line for each finished task, and a table at the end. Quiet: failures only."""

    def __init__(self, progress: TextIO, results: TextIO, *, quiet: bool = False) -> None:
        self._progress = progress
        self._results = results
        self._quiet = quiet
        self._plan: Plan | None = None

    def begin(self, plan: Plan) -> None:
        self._plan = plan

    @cached_property
    def _width(self) -> int:
        """Of the longest name: a quiet run may never need it."""
        tasks = () if self._plan is None else self._plan.tasks
        return max([len(task_name(task)) for task in tasks], default=0)

    def note(self, text: str) -> None:
        if not self._quiet:
            self.line(f"note: {printable(text)}")

    def finished(self, task: Task, result: Result) -> None:
        if result.failure is not None:
            self.line(result_line(task, result, self._width))
            if details := failure_text(task, result):
                self.line(details)
        elif not self._quiet or result.warnings:
            self.line(result_line(task, result, self._width))

    def retrying(self, task: Task, result: Result, attempt: int, wait: float) -> None:
        if not self._quiet:
            self.line(f"{result_line(task, result, self._width)}, attempt {attempt}; again in {seconds_text(wait)}")

    def skipped(self, task: Task, cause: Task) -> None:
        if not self._quiet:
            name = task.step if task.partition is None else f"{task.partition} {task.step}"
            self.line(f"{name:<{self._width}}  {'skipped':<12}  {task_name(cause)} failed")

    def slow(self, task: Task | None, elapsed: float, usual: float) -> None:
        if not self._quiet:
            self.line(slow_line(task, elapsed, usual))

    def output(self, head: Head, text: str) -> None:
        self.line(f"{head_name(head)} | {printable(text)}")

    def end(self, summary: Summary) -> None:
        if not self._quiet and summary.steps:
            self._results.write(f"{summary.table()}\n")
            self._results.flush()

    def line(self, text: str) -> None:
        """Write a line of progress."""
        self._progress.write(f"{text}\n")
        self._progress.flush()
