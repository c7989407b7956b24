"""Worker processes: each in a session of its own, so that it can be killed with all that it started."""

from __future__ import annotations

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from flowstone.errors import AssetTimeoutError, StepFailedError
from flowstone.runner.attempt import failed
from flowstone.runner.logs import mark, tail, with_output
from flowstone.runner.remains import MARK, kill_marked
from flowstone.runner.result import Order, Result
from flowstone.runtime.ending import ending
from flowstone.runtime.workspace import Workspace


class WorkerDiedError(StepFailedError):
    """The process that ran an asset ended: the asset exited or crashed, or it was killed from outside."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class WorkerRunner:
    """Runs orders, one at a time, in a worker process of its own; a new one after a crash or a timeout."""

    def __init__(self, workspace: Workspace, manifest: Path, log: Path, environment: Mapping[str, str]) -> None:
        self._workspace = workspace
        self._manifest = manifest
        self._log = log
        self._environment = environment
        self._worker: _Worker | None = None
        self._closed = False
        self._lock = threading.Lock()

    def run(self, order: Order) -> Result:
        """The result of an attempt; the worker's death or silence is a failure of this attempt only."""
        started = time.perf_counter()
        worker = self._ready()
        start = mark(self._log, order)
        timeout = self._workspace.project.steps[order.step].timeout
        try:
            result = worker.ask(order, timeout)
        except (AssetTimeoutError, WorkerDiedError) as error:
            self._end(worker)
            return failed(self._workspace, order, error, time.perf_counter() - started, tail(self._log, start))
        return with_output(result, self._log, start, self._workspace.redactor.text)

    def close(self) -> None:
        """Kill the worker, whatever it is doing. No other is started."""
        with self._lock:
            self._closed = True
            if self._worker is not None:
                self._worker.end()
                self._worker = None

    def _ready(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise WorkerDiedError("the run is over")
            if self._worker is None:
                self._worker = _Worker(self._manifest, self._log, self._environment)
            return self._worker

    def _end(self, worker: _Worker) -> None:
        with self._lock:
            if self._worker is worker:
                worker.end()
                self._worker = None


class _Worker:
    """One worker process."""

    def __init__(self, manifest: Path, log: Path, environment: Mapping[str, str]) -> None:
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._mark = secrets.token_hex(16)
        lifeline, self._lifeline = os.pipe()
        try:
            log.touch(mode=0o600)
            with log.open("ab") as output:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    [sys.executable, "-P", "-m", "flowstone.runner.worker", str(manifest), str(lifeline)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=output,
                    env={**environment, MARK: self._mark},
                    pass_fds=[lifeline],
                    start_new_session=True,
                    text=True,
                    encoding="utf-8",
                )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(lifeline)
        threading.Thread(target=self._listen, daemon=True, name=f"flowstone-answers-{self._process.pid}").start()
        self._started = False

    def ask(self, order: Order, timeout: float | None) -> Result:
        """Have an order carried out. Errors: AssetTimeoutError; WorkerDiedError."""
        if not self._started:
            self._answer(None)
            self._started = True
        assert self._process.stdin is not None
        with suppress(OSError):  # if the worker has ended, the answer says so
            self._process.stdin.write(json.dumps(asdict(order)) + "\n")
            self._process.stdin.flush()
        try:
            answer = self._answer(timeout)
        except queue.Empty:
            raise AssetTimeoutError(
                f"{order.step} ran longer than its timeout of {timeout:g} s and was stopped",
                help="raise the timeout, or make the work smaller",
            ) from None
        return Result.from_json(answer)

    def end(self) -> None:
        """Kill the process, everything in its group, and what has left that."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        kill_marked(self._mark)
        os.close(self._lifeline)
        self._process.wait()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def _answer(self, timeout: float | None) -> dict[str, Any]:
        """The next answer. Errors: queue.Empty when the time is over; WorkerDiedError."""
        answer = self._answers.get(timeout=timeout)
        if answer is not None:
            return answer
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:  # the user's code has closed the pipe and goes on
            raise queue.Empty from None
        raise WorkerDiedError(f"the process that ran the asset {ending(code)}")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout, suppress(OSError, ValueError):
            for line in self._process.stdout:
                self._answers.put(json.loads(line))
        self._answers.put(None)
