"""A process of ours in a session of its own: it is killed with all that it started, and does not outlive this one."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from flowstone.errors import StepFailedError
from flowstone.runner.logs import opened
from flowstone.runner.marked_process import MarkedProcess
from flowstone.runtime.ending import ending


class WorkerDiedError(StepFailedError):
    """The process that ran an asset ended: the asset exited or crashed, or it was killed from outside."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class KeptProcess:
    """A module of ours that reads one JSON object a line from its standard input and answers in the same way.

    Its last argument is the number of a pipe that ends when this process does (``worker.start_guard``).
    """

    def __init__(self, what: str, module: str, arguments: list[str], log: Path, environment: Mapping[str, str]) -> None:
        """``what`` says in errors which process it is. Errors: OSError, StateError."""
        self.answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        """What it said; None at its end."""
        self._what = what
        with os.fdopen(opened(log), "ab") as output:
            self._marked = MarkedProcess(module, arguments, environment, output)
        self._process = self._marked.popen
        threading.Thread(target=self._listen, daemon=True, name=f"flowstone-answers-{self._process.pid}").start()

    def write(self, message: dict[str, Any]) -> None:
        """Send something. If the process has ended, its answer says so."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def answer(self, timeout: float | None) -> dict[str, Any]:
        """The next answer. Errors: queue.Empty when the time is over; WorkerDiedError."""
        answer = self.answers.get(timeout=timeout)
        if answer is not None:
            return answer
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:  # the user's code has closed the pipe and goes on
            raise queue.Empty from None
        raise WorkerDiedError(f"{self._what} {ending(code)}")

    def end(self, grace: float = 0.0) -> None:
        """Kill the process, everything in its group, and what has left that.

        It has the grace, in seconds, to end by itself once its standard input does.
        """
        if grace:
            self._close_input()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        self._marked.kill()
        self._marked.let_go()
        self._process.wait()
        self._close_input()

    def _close_input(self) -> None:
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout, suppress(OSError, ValueError):
            for line in self._process.stdout:
                self.answers.put(json.loads(line))
        self.answers.put(None)
