"""Running a step in a process of its own, so that a timeout really ends it, whatever it is doing."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec.structs import asdict

from flowstone.errors import AssetTimeoutError, StepFailedError
from flowstone.io.record import Record
from flowstone.ir.node import Json
from flowstone.runtime.ending import ending
from flowstone.runtime.outcome import Outcome
from flowstone.runtime.run import Run

START_LIMIT = 120.0
"""Seconds that Python and FlowStone may take to start in the new process; they do not count for the timeout."""


def materialize_isolated(
    manifest: Path,
    step: str,
    partition: str | None,
    run: Run,
    timeout: float,
    config: Mapping[str, Json],
    secrets: Mapping[str, str],
) -> Outcome:
    """``materialize`` in a new process, which is killed with all that it started when the time is over.

    It is given the secrets that only a task of the engine can look up, through a pipe.

    Errors: AssetTimeoutError; StepFailedError for whatever else the step failed by.
    """
    request = {
        "manifest": str(manifest),
        "step": step,
        "partition": partition,
        "run": asdict(run),
        "config": dict(config),
        "secrets": dict(secrets),
        "path": [entry for entry in sys.path if isinstance(entry, str)],
    }
    with _child(request) as (process, lines):
        _demand_start(process, lines, step)
        try:
            answer = _next(process, lines, step, timeout)
        except TimeoutError:
            raise AssetTimeoutError(f"{step} ran longer than its timeout of {timeout:g} s and was stopped") from None
    if "status" not in answer:
        raise StepFailedError(
            f"{answer['kind']}: {answer['message']}", retryable=answer["retryable"], help=answer["help"]
        )
    records = tuple(Record.from_builtins(record) for record in answer["records"])
    return Outcome(step, partition, answer["status"], records, answer["reason"])


@contextmanager
def _child(request: Json) -> Iterator[tuple[subprocess.Popen[str], _Lines]]:
    reading, writing = os.pipe()
    command = [sys.executable, "-P", "-m", "flowstone.runtime.child", str(writing)]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, pass_fds=(writing,), start_new_session=True, text=True
        )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    assert process.stdin is not None
    try:
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        yield process, _Lines(reading)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()
        os.close(reading)


def _demand_start(process: subprocess.Popen[str], lines: _Lines, step: str) -> None:
    """Errors: StepFailedError if the child does not start."""
    try:
        _next(process, lines, step, START_LIMIT)
    except TimeoutError:
        raise StepFailedError(
            f"the process for {step} did not start within {START_LIMIT:g} s", retryable=True
        ) from None


def _next(process: subprocess.Popen[str], lines: _Lines, step: str, timeout: float) -> dict[str, Json]:
    """The child's next message. Errors: TimeoutError; StepFailedError if the process ended without one."""
    line = lines.read(timeout)
    if line is None:
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:  # the user's code has closed the pipe and goes on
            raise TimeoutError from None
        raise StepFailedError(f"the process that ran {step} {ending(code)}", retryable=True)
    answer: dict[str, Json] = json.loads(line)
    return answer


class _Lines:
    """Lines from a pipe, each waited for no longer than a given time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""

    def read(self, timeout: float) -> bytes | None:
        """The next line, or None at the end of the pipe. Errors: TimeoutError."""
        end = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self._descriptor, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, end - time.monotonic())):
                    raise TimeoutError
                chunk = os.read(self._descriptor, 65536)
                if not chunk:
                    return None
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line
