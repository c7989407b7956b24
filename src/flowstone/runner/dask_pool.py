"""Runs orders on a Dask cluster: one that there is, or one that is started on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from flowstone.errors import ConfigurationError
from flowstone.runner.attempt import failed
from flowstone.runner.logs import mark
from flowstone.runner.pools import Results, ThreadPool
from flowstone.runner.processes import WorkerDiedError
from flowstone.runner.result import Order, Result
from flowstone.runtime.workspace import Workspace

_PATIENCE = 10.0
"""Seconds that a cluster has to answer."""
_LOCAL = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.logging": {"distributed": "critical"},
    "distributed.worker.preload": ["flowstone.runner.dask_crew"],
}
"""Of a cluster on this machine: an order whose worker dies has failed, and whether it is tried again is said by the
asset."""


def local_cluster(size: int, *, secure: bool = True) -> Any:
    """A cluster on this machine with so many workers, a context manager.

    It listens on this machine only and, if it is secure, talks to whoever has the certificate that it makes for itself:
    other users of the machine have not. Errors: ConfigurationError without Dask.
    """
    dask, distributed = _modules()
    with dask.config.set(_LOCAL):
        return distributed.LocalCluster(
            n_workers=size,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            security=True if secure else None,
            silence_logs=50,
        )


class DaskPool(ThreadPool):
    """Threads that each wait for one order on the cluster."""

    def __init__(
        self, workspace: Workspace, manifest: Path, logs: Path, address: str | None, size: int, results: Results
    ) -> None:
        """Errors: ConfigurationError if Dask is not installed, or the cluster cannot be reached."""
        self._cluster = _Cluster(workspace, manifest, address, size, f"flowstone-{logs.name}")
        super().__init__(self._runner_in(workspace, logs), size, results)

    def close(self) -> None:
        super().close()
        self._cluster.close()

    def _runner_in(self, workspace: Workspace, logs: Path) -> Callable[[int], _DaskRunner]:
        return lambda number: _DaskRunner(workspace, self._cluster, logs / f"dask-{number}.log")


class _Cluster:
    """The connection to a cluster, with the crew of the run on each of its workers."""

    def __init__(self, workspace: Workspace, manifest: Path, address: str | None, size: int, name: str) -> None:
        _, distributed = _modules()
        self._local = local_cluster(size) if address is None else None
        self.name = name
        try:
            self._client = distributed.Client(self._local or address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"no Dask scheduler answers at {address}: {error}", help="see [run] dask in the configuration"
            ) from error
        from flowstone.runner.dask_crew import Crew, carry_out

        self._carry_out = carry_out
        text = manifest.read_text(encoding="utf-8")
        self._client.register_plugin(Crew(name, text, str(workspace.root.absolute())))

    def ask(self, order: Order) -> tuple[dict[str, Any], bytes]:
        """Have an order carried out. Errors: WorkerDiedError; what the crew raises."""
        from distributed import CancelledError, KilledWorker

        future = self._client.submit(self._carry_out, self.name, asdict(order), pure=False, retries=0)
        try:
            answer: tuple[dict[str, Any], bytes] = future.result()
        except KilledWorker:
            raise WorkerDiedError("the worker of the Dask cluster that ran the asset has ended") from None
        except (CancelledError, OSError) as error:
            raise WorkerDiedError(f"the Dask cluster was lost: {error}") from error
        return answer

    def close(self) -> None:
        """Stop what is running. What does not answer any more cannot be stopped."""
        with suppress(TimeoutError, OSError):
            if self._local is None:
                self._client.unregister_worker_plugin(self.name)
            self._client.close(timeout=_PATIENCE)
        if self._local is not None:
            self._local.close(timeout=_PATIENCE)


class _DaskRunner:
    """Runs orders on the cluster, one at a time."""

    def __init__(self, workspace: Workspace, cluster: _Cluster, log: Path) -> None:
        self._workspace = workspace
        self._cluster = cluster
        self._log = log

    def run(self, order: Order) -> Result:
        try:
            answer, printed = self._cluster.ask(order)
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
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(printed)


def _modules() -> tuple[Any, Any]:
    try:
        import cryptography  # noqa: F401 - for the certificates of a cluster on this machine
        import dask
        import distributed
    except ImportError as error:
        raise ConfigurationError(
            f"the executor dask needs a package that is not installed: {error}", help="pip install 'flowstone[dask]'"
        ) from error
    return dask, distributed
