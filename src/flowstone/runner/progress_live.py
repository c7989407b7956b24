"""Progress on a terminal: a bar with what is running, and lines above it."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from flowstone.runner.plan import Plan, Task
from flowstone.runner.progress import Lines
from flowstone.runner.result import Result
from flowstone.runner.summary import Summary
from flowstone.runner.text import slow_line, task_name

MANY = 200
"""From so many tasks on, those that succeed get no line of their own."""

_STYLES = {"materialized": "green", "reused": "cyan", "failed": "bold red", "skipped": "yellow", "waiting": "magenta"}
_SLOW = "yellow"


class Live(Lines):
    """A progress bar. It must be stopped, also after an interruption, by ``close``."""

    def __init__(self, progress: TextIO, results: TextIO) -> None:
        super().__init__(progress, results)
        self._console = Console(file=progress)
        self._bar = Progress(
            TextColumn("[bold]{task.fields[verb]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[running]}", style="dim", markup=False),
            console=self._console,
            transient=True,
        )
        self._all = self._bar.add_task("", total=None, verb="running", running="")
        self._running: dict[str, None] = {}
        self._many = False

    def begin(self, plan: Plan) -> None:
        super().begin(plan)
        self._many = len(plan.tasks) >= MANY
        self._bar.update(self._all, total=len(plan.tasks))
        self._bar.start()

    def started(self, task: Task) -> None:
        self._running[task_name(task)] = None
        self._show()

    def finished(self, task: Task, result: Result) -> None:
        self._running.pop(task_name(task), None)
        if not self._many or result.failure is not None or result.warnings:
            super().finished(task, result)
        self._bar.advance(self._all)
        self._show()

    def retrying(self, task: Task, result: Result, attempt: int, wait: float) -> None:
        self._running.pop(task_name(task), None)
        super().retrying(task, result, attempt, wait)

    def skipped(self, task: Task, cause: Task) -> None:
        super().skipped(task, cause)
        self._bar.advance(self._all)

    def end(self, summary: Summary) -> None:
        self.close()
        super().end(summary)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._bar.stop()

    def slow(self, task: Task | None, elapsed: float, usual: float) -> None:
        self._console.print(Text(slow_line(task, elapsed, usual), _SLOW), soft_wrap=True)

    def line(self, text: str) -> None:
        shown = Text(text)
        for word, style in _STYLES.items():
            shown.highlight_words([f"  {word} "], style)
        self._console.print(shown, soft_wrap=True)

    def _show(self) -> None:
        self._bar.update(self._all, running=", ".join(list(self._running)[:4]))
