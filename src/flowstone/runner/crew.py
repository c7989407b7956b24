"""What carries out orders on a worker of a cluster: worker processes of FlowStone's own, one for each thread that asks.

So a function that crashes takes nothing of the cluster with it, a timeout kills it with all that it started, and the
guard of the process does that when the worker of the cluster dies.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

from flowstone.config.environment import without_overrides
from flowstone.ir.manifest import read_manifest
from flowstone.runner.processes import WorkerRunner
from flowstone.runner.result import Order
from flowstone.runtime.workspace import ROOT_VARIABLE, Workspace

KEPT_OUTPUT = 1 << 20
"""Bytes of what a function printed that are sent back: the last ones."""


class Crew:
    """The worker processes of one run on one worker of a cluster."""

    def __init__(self, manifest: str, root: str, within: str | None) -> None:
        """``manifest`` is its text: the worker may be on another machine. ``root`` is the project's folder, unless
        ``FLOWSTONE_PROJECT_ROOT`` of the worker says another. ``within`` is a folder that is removed with the cluster,
        if there is one: a worker that is killed removes nothing. Errors: ConfigurationError, OSError.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="flowstone-crew-", dir=within))
        self._lock = threading.Lock()
        self._runners: dict[int, tuple[WorkerRunner, Path]] = {}
        path = self._folder / "manifest.json"
        path.write_text(manifest, encoding="utf-8")
        place = Path(os.environ.get(ROOT_VARIABLE) or root)
        self._workspace = Workspace(read_manifest(path).project, place, without_overrides(os.environ))

    def close(self) -> None:
        """Kill them, whatever they are doing."""
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
