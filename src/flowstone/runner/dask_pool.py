"""Runs orders on a Dask cluster: one that there is, or one that is started on this machine."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from flowstone.errors import ConfigurationError
from flowstone.runner.kept_process import WorkerDiedError
from flowstone.runner.result import Order
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


class DaskCluster:
    """The connection to a cluster of Dask, with the crew of the run on each of its workers."""

    name = "dask"

    def __init__(self, workspace: Workspace, manifest: Path, logs: Path, address: str | None, size: int) -> None:
        """Errors: ConfigurationError if Dask is not installed, or the cluster cannot be reached."""
        _, distributed = _modules()
        self._local = local_cluster(size) if address is None else None
        self._crew = f"flowstone-{logs.name}"
        self._client: Any = None
        try:
            self._client = distributed.Client(self._local or address, timeout=_PATIENCE, set_as_default=False)
            self._bring_crew(workspace, manifest)
        except (OSError, ValueError) as error:
            self.close()
            raise ConfigurationError(
                f"no Dask scheduler answers at {address}: {error}", help="see [run] dask in the configuration"
            ) from error
        except BaseException:
            self.close()
            raise

    def _bring_crew(self, workspace: Workspace, manifest: Path) -> None:
        from flowstone.runner.dask_crew import DaskCrew, carry_out

        self._carry_out = carry_out
        text = manifest.read_text(encoding="utf-8")
        self._client.register_plugin(DaskCrew(self._crew, text, str(workspace.root.absolute())))

    def ask(self, number: int, order: Order) -> tuple[dict[str, Any], bytes]:
        """The number is of no matter here: each worker of the cluster has a crew. Errors: also what the crew raises."""
        from distributed import CancelledError, KilledWorker

        future = self._client.submit(self._carry_out, self._crew, asdict(order), pure=False, retries=0)
        try:
            answer: tuple[dict[str, Any], bytes] = future.result()
        except KilledWorker:
            raise WorkerDiedError("the worker of the Dask cluster that ran the asset has ended") from None
        except (CancelledError, OSError) as error:
            raise WorkerDiedError(f"the Dask cluster was lost: {error}") from error
        return answer

    def close(self) -> None:
        """Stop what is running. What does not answer any more cannot be stopped."""
        if self._client is not None:
            with suppress(TimeoutError, OSError, ValueError):  # ValueError: there is no crew of this name
                if self._local is None:
                    self._client.unregister_worker_plugin(self._crew)
            with suppress(TimeoutError, OSError):
                self._client.close(timeout=_PATIENCE)
        if self._local is not None:
            with suppress(TimeoutError):
                self._local.close(timeout=_PATIENCE)


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
