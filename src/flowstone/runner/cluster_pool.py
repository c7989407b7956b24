"""Runs orders on a cluster, whichever it is: threads that each wait for one order there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

from flowstone.runner.attempt import failed
from flowstone.runner.kept_process import WorkerDiedError
from flowstone.runner.logs import mark, opened
from flowstone.runner.pools import Results, ThreadPool
from flowstone.runner.result import Order, Result
from flowstone.runtime.workspace import Workspace


class Cluster(Protocol):
    """The connection to a cluster, which has what is needed to carry out the orders of one run."""

    name: str
    """Of the kind, for names of files."""

    def ask(self, number: int, order: Order) -> tuple[dict[str, Any], bytes]:
        """What a crew answers to an order; ``number`` is that of the asking thread, from 1. Errors: WorkerDiedError."""
        ...

    def close(self) -> None:
        """Stop what is running, and the cluster if it was started for the run."""
        ...


def open_cluster(
    kind: str, workspace: Workspace, manifest: Path, logs: Path, address: str | None, size: int
) -> Cluster:
    """A cluster of Dask or Ray, at an address or for so many orders on this machine. Errors: ConfigurationError."""
    if kind == "ray":
        from flowstone.runner.ray_pool import RayCluster

        return RayCluster(workspace, manifest, logs, address, size)
    from flowstone.runner.dask_pool import DaskCluster

    return DaskCluster(workspace, manifest, logs, address, size)


class ClusterPool(ThreadPool):
    """Threads that each wait for one order on a cluster."""

    def __init__(self, workspace: Workspace, logs: Path, cluster: Cluster, size: int, results: Results) -> None:
        self._cluster = cluster
        super().__init__(lambda number: _ClusterRunner(workspace, logs, cluster, number), size, results)

    def close(self) -> None:
        super().close()
        self._cluster.close()


class _ClusterRunner:
    """Runs orders on the cluster, one at a time."""

    def __init__(self, workspace: Workspace, logs: Path, cluster: Cluster, number: int) -> None:
        self._workspace = workspace
        self._cluster = cluster
        self._number = number
        self._log = logs / f"{cluster.name}-{number}.log"

    def run(self, order: Order) -> Result:
        try:
            answer, printed = self._cluster.ask(self._number, order)
        except WorkerDiedError as error:
            return failed(self._workspace, order, error, 0.0)
        self._keep(order, printed)
        return Result.from_json(answer)

    def close(self) -> None:
        """The cluster stops all of them at once."""

    def _keep(self, order: Order, printed: bytes) -> None:
        """The output, which begins with the mark of the attempt unless that was cut off."""
        if not printed.startswith(b"\x1e"):
            mark(self._log, order)
        with os.fdopen(opened(self._log), "ab") as file:
            file.write(printed)
