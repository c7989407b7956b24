"""Worker processes: each in a session of its own, so that it can be killed with all that it started."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import asdict

from flowstone.errors import AssetTimeoutError
from flowstone.runner.attempt import failed
from flowstone.runner.kept_process import KeptProcess, WorkerDiedError
from flowstone.runner.logs import mark, tail, with_output
from flowstone.runner.result import Order, Result
from flowstone.runtime.workspace import Workspace

_WHAT = "the process that ran the asset"


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
        self._process = KeptProcess(_WHAT, "flowstone.runner.worker", [str(manifest)], log, environment)
        self._started = False

    def ask(self, order: Order, timeout: float | None) -> Result:
        """Have an order carried out. Errors: AssetTimeoutError; WorkerDiedError."""
        if not self._started:
            self._process.answer(None)
            self._started = True
        self._process.write(asdict(order))
        try:
            answer = self._process.answer(timeout)
        except queue.Empty:
            raise AssetTimeoutError(
                f"{order.step} ran longer than its timeout of {timeout:g} s and was stopped",
                help="raise the timeout, or make the work smaller",
            ) from None
        return Result.from_json(answer)

    def end(self) -> None:
        """Kill the process, and all that it started."""
        self._process.end()
