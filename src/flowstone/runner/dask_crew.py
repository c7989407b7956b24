"""The crew on a worker of a Dask cluster."""

from __future__ import annotations

import signal
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from flowstone.runner.crew import Crew
from flowstone.runner.result import Order


class DaskCrew(WorkerPlugin):
    """The crew of one run, from when Dask has brought it until it is told that the run is over."""

    def __init__(self, name: str, manifest: str, root: str) -> None:
        self.name = name
        self._arguments = manifest, root
        self.crew: Crew | None = None

    def setup(self, worker: Worker) -> None:
        self.crew = Crew(*self._arguments, worker.local_directory)

    def teardown(self, worker: Worker) -> None:
        if self.crew is not None:  # none could be set up
            self.crew.close()


def carry_out(name: str, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What is submitted to the cluster for each order."""
    plugin = get_worker().plugins[name]
    assert isinstance(plugin, DaskCrew)
    assert plugin.crew is not None
    return plugin.crew.carry_out(Order(**order))


def dask_setup(worker: Worker) -> None:  # noqa: ARG001 - Dask's signature
    """Called in each worker of a cluster on this machine: Ctrl-C is the command's, which stops in two steps."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
