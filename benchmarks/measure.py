"""Measuring commands: contenders take turns, so that a busy minute hits all of them; medians are reported."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A command whose time is taken."""

    argv: Sequence[str]
    cwd: Path
    prepare: Callable[[], None] | None = None
    """Runs before each measurement, outside of it."""
    reported: bool = False
    """The command prints its own seconds on the last line of stdout: they count instead of the wall clock."""
    accepts: tuple[int, ...] = (0,)
    """Exit codes that are fine."""


@dataclass(frozen=True)
class Sample:
    """One measurement."""

    seconds: float
    cpu: float
    """Seconds of processor time: it says more on a busy machine."""
    megabytes: float
    """Peak of resident memory."""


class CommandFailedError(RuntimeError):
    """A contender did not do its work, so that its time means nothing."""


def usual_environment() -> dict[str, str]:
    """The environment in which people run commands: Python keeps what it compiled, which an editor or CI may forbid."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def sample(command: Command) -> Sample:
    """Run a command once. Errors: CommandFailedError, with the end of its output."""
    if command.prepare is not None:
        command.prepare()
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command.argv, cwd=command.cwd, stdout=output, stderr=subprocess.STDOUT, env=usual_environment()
        )
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode not in command.accepts:
        raise CommandFailedError(f"{' '.join(command.argv)}: exit {process.returncode}\n{text[-3000:]}")
    if command.reported:
        elapsed = float(text.split()[-1])
    return Sample(elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def rounds(commands: Mapping[str, Command], count: int) -> dict[str, Sample]:
    """The median of each command over so many rounds; the memory is the greatest one."""
    samples: dict[str, list[Sample]] = {name: [] for name in commands}
    for _ in range(count):
        for name, command in commands.items():
            samples[name].append(sample(command))
    return {name: _middle(items) for name, items in samples.items()}


def _middle(items: Sequence[Sample]) -> Sample:
    return Sample(
        statistics.median(item.seconds for item in items),
        statistics.median(item.cpu for item in items),
        max(item.megabytes for item in items),
    )
