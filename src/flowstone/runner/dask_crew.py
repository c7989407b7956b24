"""What runs on the workers of a Dask cluster: orders, each in a worker process of FlowStone's own.

So a function that crashes takes nothing of Dask with it, a timeout kills it with all that it started, and the guard of
the process does that when the worker of the cluster dies.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from flowstone.config.environment import without_overrides
from flowstone.ir.manifest import read_manifest
from flowstone.runner.processes import WorkerRunner
from flowstone.runner.result import Order
from flowstone.runtime.workspace import ROOT_VARIABLE, Workspace

KEPT_OUTPUT = 1 << 20
"""Bytes of what a function printed that are sent back: the last ones."""


class Crew(WorkerPlugin):
    """The worker processes of one run on one worker of the cluster."""

    def __init__(self, name: str, manifest: str, root: str) -> None:
        self.name = name
        self._manifest = manifest
        """The text of the manifest: the worker may be on another machine."""
        self._root = root
        """The project's folder; ``FLOWSTONE_PROJECT_ROOT`` of the worker goes before it."""

    def setup(self, worker: Worker) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="flowstone-dask-"))
        self._lock = threading.Lock()
        self._runners: dict[int, tuple[WorkerRunner, Path]] = {}
        path = self._folder / "manifest.json"
        path.write_text(self._manifest, encoding="utf-8")
        root = Path(os.environ.get(ROOT_VARIABLE) or self._root)
        self._workspace = Workspace(read_manifest(path).project, root, without_overrides(os.environ))

    def teardown(self, worker: Worker) -> None:
        with self._lock:
            for runner, _ in self._runners.values():
                runner.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def carry_out(self, order: Order) -> tuple[dict[str, Any], bytes]:
        """The result of an order in the form that can be sent, and what was printed."""
        runner, log = self._runner()
        result = runner.run(order)
        printed = log.read_bytes()
        os.truncate(log, 0)
        return result.to_json(), printed[-KEPT_OUTPUT:]

    def _runner(self) -> tuple[WorkerRunner, Path]:
        """That of this thread."""
        thread = threading.get_ident()
        with self._lock:
            if thread not in self._runners:
                environment = {**self._workspace.environment, ROOT_VARIABLE: str(self._workspace.root)}
                log = self._folder / f"{len(self._runners)}.log"
                runner = WorkerRunner(self._workspace, self._folder / "manifest.json", log, environment)
                self._runners[thread] = runner, log
            return self._runners[thread]


def carry_out(name: str, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What is submitted to the cluster for each order."""
    crew = get_worker().plugins[name]
    assert isinstance(crew, Crew)
    return crew.carry_out(Order(**order))


def dask_setup(worker: Worker) -> None:  # noqa: ARG001 - Dask's signature
    """Called in each worker of a cluster on this machine: Ctrl-C is the command's, which stops in two steps."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
