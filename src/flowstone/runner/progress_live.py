"""Progress on a terminal: lines for what has ended, and below them a tree of what goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Lock
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live as Display
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from flowstone.runner.outlook import Outlook
from flowstone.runner.plan import Plan, Task
from flowstone.runner.progress import Lines
from flowstone.runner.result import Result
from flowstone.runner.summary import Summary
from flowstone.runner.text import bytes_text, clock_text, rows_text, seconds_text, slow_line

MANY = 200
"""From so many tasks on, those that succeed get no line of their own."""
SHOWN = 12
"""Lines of the tree; fewer on a terminal that is not high."""
_RATE = 8
"""Pictures in a second."""
_BAR = 30
_SOON = 0.5
"""Seconds: of a run that ends before, or takes longer than it was judged to, nothing is said."""

_STYLES = {"materialized": "green", "reused": "cyan", "failed": "bold red", "skipped": "yellow", "waiting": "magenta"}
_SLOW = "yellow"


class _Branch:
    """An asset in the tree."""

    def __init__(self) -> None:
        self.tasks = 0
        self.done = 0
        self.failed = 0
        self.rows: int | None = None
        self.size = 0
        self.running: dict[str | None, Task] = {}
        """By partition."""

    def add(self, result: Result) -> None:
        """Count what a task came to."""
        self.done += 1
        self.failed += result.status == "failed"
        self.size += result.size
        if result.rows is not None:
            self.rows = result.rows + (self.rows or 0)


class Live(Lines):
    """A tree of the run. It must be taken away, also after an interruption, by ``close``."""

    def __init__(self, progress: TextIO, results: TextIO, outlook: Outlook) -> None:
        super().__init__(progress, results)
        self._console = Console(file=progress)
        self._outlook = outlook
        self._lock = Lock()
        """The tree is drawn by a thread of its own."""
        self._branches: dict[str, _Branch] = {}
        self._active: dict[str, None] = {}
        """Assets of which something runs."""
        self._began = time.monotonic()
        self._tasks = self._done = 0
        self._display = Display(
            get_renderable=self.picture, console=self._console, refresh_per_second=_RATE, transient=True
        )

    def begin(self, plan: Plan) -> None:
        super().begin(plan)
        self._began = time.monotonic()
        self._tasks = len(plan.tasks)
        for task in plan.tasks:
            self._branches.setdefault(task.step, _Branch()).tasks += 1
        self._display.start()

    def started(self, task: Task) -> None:
        with self._lock:
            self._outlook.started(task, time.monotonic())
            self._branches[task.step].running[task.partition] = task
            self._active[task.step] = None

    def finished(self, task: Task, result: Result) -> None:
        with self._lock:
            self._outlook.ended(task, result.elapsed if result.status in ("materialized", "waiting") else None)
            self._stop(task)
            self._branches[task.step].add(result)
            self._done += 1
        if self._tasks < MANY or result.failure is not None or result.warnings:
            super().finished(task, result)

    def retrying(self, task: Task, result: Result, attempt: int, wait: float) -> None:
        with self._lock:
            self._outlook.paused(task)
            self._stop(task)
        super().retrying(task, result, attempt, wait)

    def skipped(self, task: Task, cause: Task) -> None:
        with self._lock:
            self._outlook.ended(task, None)
            self._branches[task.step].done += 1
            self._done += 1
        super().skipped(task, cause)

    def end(self, summary: Summary) -> None:
        self.close()
        super().end(summary)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._display.stop()

    def slow(self, task: Task | None, elapsed: float, usual: float) -> None:
        self._console.print(Text(slow_line(task, elapsed, usual), _SLOW), soft_wrap=True)

    def line(self, text: str) -> None:
        shown = Text(text)
        for word, style in _STYLES.items():
            shown.highlight_words([f"  {word} "], style)
        self._console.print(shown, soft_wrap=True)

    def _stop(self, task: Task) -> None:
        branch = self._branches[task.step]
        branch.running.pop(task.partition, None)
        if not branch.running:
            self._active.pop(task.step, None)

    # -- the picture --------------------------------------------------------------------------------------------------

    def picture(self) -> RenderableType:
        """What is to be seen below the lines."""
        with self._lock:
            now = time.monotonic()
            tree = Tree("", hide_root=True, guide_style="dim")
            room = max(1, min(SHOWN, self._console.height - 4))
            for text, children in self._lines(now, room):
                branch = tree.add(text)
                for child in children:
                    branch.add(child)
            return Group(self._head(now), tree)

    def _head(self, now: float) -> RenderableType:
        head = Table.grid(padding=(0, 1))
        remaining = self._outlook.remaining(now)
        times = clock_text(now - self._began)
        if remaining is not None and remaining >= _SOON:
            times += f", about {clock_text(remaining)} left"
        bar = ProgressBar(total=self._tasks, completed=self._done, width=_BAR)
        head.add_row(Text("running", "bold"), bar, f"{self._done:,}/{self._tasks:,}", times)
        return head

    def _lines(self, now: float, room: int) -> Iterator[tuple[Text, list[Text]]]:
        """Assets that run, each with the partitions of it that do."""
        shown = [(step, self._branches[step]) for step in list(self._active)[:room]]
        width = max((len(step) for step, _ in shown), default=0)
        room -= len(shown)
        for step, branch in shown:
            running = list(branch.running.values())
            text = Text(f"{step:<{width}}")
            if figures := self._figures(branch):
                text.append(f"  {figures}", "dim")
            children: list[Text] = []
            if running[0].partition is None:
                text.append(f"  {self._times(running[0], now)}")
            else:
                taken = running[: max(0, room)]
                children = [Text(f"{task.partition}  {self._times(task, now)}") for task in taken]
                children += _more(len(running) - len(taken))
                room -= len(children)
            yield text, children
        yield from ((text, []) for text in _more(len(self._active) - len(shown)))

    def _figures(self, branch: _Branch) -> str:
        parts = [f"{branch.done:,}/{branch.tasks:,}"] if branch.tasks > 1 else []
        if branch.rows is not None:
            parts.append(rows_text(branch.rows))
        if branch.size:
            parts.append(bytes_text(branch.size))
        if branch.failed:
            parts.append(f"{branch.failed:,} failed")
        return "  ".join(parts)

    def _times(self, task: Task, now: float) -> str:
        """How long a function runs, and how long it will."""
        since = self._outlook.since(task)
        gone = 0.0 if since is None else now - since
        usual = self._outlook.of_step(task.step)
        left = "" if usual is None or usual <= gone else f", about {seconds_text(usual - gone)} left"
        return f"{seconds_text(gone)}{left}"


def _more(count: int) -> list[Text]:
    """A line that stands for others."""
    return [Text(f"and {count:,} more", "dim")] if count else []
