"""How tasks and figures are written."""

from __future__ import annotations

from collections.abc import Sequence

from flowstone.diagnostics.terminal import printable
from flowstone.runner.logs import Head
from flowstone.runner.plan import Task
from flowstone.runner.result import Result


def task_name(task: Task) -> str:
    """``daily_delays 2013-01-01``."""
    return task.step if task.partition is None else f"{task.step} {task.partition}"


def head_name(head: Head) -> str:
    """``daily_delays 2013-01-01``; from the second attempt on with its number."""
    name = head.step if head.partition is None else f"{head.step} {head.partition}"
    return name if head.attempt == 1 else f"{name}, attempt {head.attempt}"


def result_line(task: Task, result: Result, width: int) -> str:
    """``2013-01-01 daily_delays  materialized  1,234 rows  0.12 s``; ``width`` is that of the longest name."""
    name = task.step if task.partition is None else f"{task.partition} {task.step}"
    parts = [f"{name:<{width}}", f"{result.status:<12}"]
    if result.failure is not None:
        parts.append(printable(f"{result.failure.kind}: {first_line(result.failure.message)}"))
    elif result.status in ("skipped", "waiting"):
        return "  ".join([*parts, printable(result.reason)])
    elif result.rows is not None:
        parts.append(rows_text(result.rows))
    if result.warnings:
        parts.append(f"checks failed: {', '.join(result.warnings)}")
    parts.append(seconds_text(result.elapsed))
    return "  ".join(parts)


def slow_line(task: Task | None, elapsed: float, usual: float) -> str:
    """``slow: daily_delays 2013-01-01 has taken 12.00 s, usually 3.00 s``."""
    name = "this run" if task is None else task_name(task)
    return f"slow: {name} has taken {seconds_text(elapsed)}, usually {seconds_text(usual)}"


def failure_text(task: Task, result: Result) -> str:
    """Everything that helps to understand a failure, indented below its line."""
    failure = result.failure
    assert failure is not None
    parts = []
    if failure.traceback:
        parts.append(failure.traceback.rstrip())
    elif "\n" in failure.message:
        parts.append(failure.message.rstrip())
    if failure.help:
        parts.append(f"help: {failure.help}")
    if failure.output.strip():
        parts.append(f"last output of {task_name(task)}:\n{failure.output.strip()}")
    return "\n".join(f"    {line}" for line in printable("\n".join(parts)).splitlines())


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Rows of cells as columns; the first ``left`` ones are aligned to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def bytes_text(size: int) -> str:
    """``512 B``, ``1.2 kB``, ``34 MB``."""
    if size < 1000:
        return f"{size} B"
    power = min((len(str(size)) - 1) // 3, 4)
    value = size / 1000**power
    return f"{value:.1f} {_UNITS[power]}" if value < 9.95 else f"{value:,.0f} {_UNITS[power]}"


_UNITS = ("B", "kB", "MB", "GB", "TB")


def first_line(text: str) -> str:
    """The first line of a text, or nothing."""
    return text.splitlines()[0] if text.strip() else ""


def rows_text(rows: int) -> str:
    """``1 row``, ``1,234 rows``."""
    return f"{rows:,} row{'s' * (rows != 1)}"


def clock_text(seconds: float) -> str:
    """``0:00:12``, ``3:04:00``: hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def seconds_text(seconds: float) -> str:
    """``0.12 s``, ``3 m 04 s``."""
    if seconds < 100:
        return f"{seconds:.2f} s"
    return f"{int(seconds // 60)} m {int(seconds % 60):02d} s"
