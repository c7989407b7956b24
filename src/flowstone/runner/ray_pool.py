"""Runs orders on a Ray cluster: one that there is, or one that is started on this machine."""

from __future__ import annotations

import queue
import secrets
import shutil
import socket
import tempfile
import threading
from base64 import b64decode
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import asdict

from flowstone.errors import ConfigurationError
from flowstone.runner.kept_process import KeptProcess, WorkerDiedError
from flowstone.runner.result import Order
from flowstone.runtime.workspace import Workspace

_PATIENCE = 120.0
"""Seconds that a cluster has to answer: one that is started here takes a few, on a busy machine many."""
_LONGEST = 16
"""Characters of the folder for temporary files: sockets have paths of no more than 103, and Ray's take most of them."""
_SHORT = "/tmp"  # noqa: S108 - mkdtemp makes a folder of our own there
_REACH = 10.0
"""Seconds to wait for somebody who listens at an address."""
_GRACE = 10.0
"""Seconds to take leave of a cluster that others run."""
_LOST: dict[str, Any] = {"died": "the Ray cluster was lost"}
_LOCAL = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_prestart_worker_first_driver": "0",
}
"""Of a cluster on this machine. By the first it takes 127.0.0.1 for its address, as it does on a Mac, and then listens
there only; the token is made for each run; it neither reports its use nor kills what takes memory."""


def local_environment() -> dict[str, str]:
    """Variables for a cluster on this machine, and for all who speak to it."""
    return {**_LOCAL, "RAY_AUTH_TOKEN": secrets.token_hex(32)}


class RayCluster:
    """The connection to a cluster of Ray, by a process of its own."""

    name = "ray"

    def __init__(self, workspace: Workspace, manifest: Path, logs: Path, address: str | None, size: int) -> None:
        """Errors: ConfigurationError if Ray is not installed, or the cluster cannot be reached."""
        if find_spec("ray") is None:
            raise ConfigurationError(
                "the executor ray needs a package that is not installed", help="pip install 'flowstone[ray]'"
            )
        if address is not None:
            _demand_reachable(address)
        self._is_ours = address is None
        self._lock = threading.Lock()
        self._asking: dict[int, queue.SimpleQueue[dict[str, Any] | None]] = {}
        self._lost = False
        self._folder = _folder()
        environment = {**workspace.environment, **(local_environment() if self._is_ours else {})}
        what = f"the process that speaks to it (see {logs / 'ray.log'})"
        self._process = KeptProcess(what, "flowstone.runner.ray_driver", [], logs / "ray.log", environment)
        try:
            self._begin(workspace, manifest, address, size)
        except BaseException:
            self._end(0.0)
            raise
        threading.Thread(target=self._listen, daemon=True, name="flowstone-ray").start()

    def _begin(self, workspace: Workspace, manifest: Path, address: str | None, size: int) -> None:
        text, root = manifest.read_text(encoding="utf-8"), str(workspace.root.absolute())
        wanted = {"address": address, "size": size, "folder": str(self._folder), "manifest": text, "root": root}
        self._process.write(wanted)
        try:
            answer = self._process.answer(_PATIENCE)
        except (queue.Empty, WorkerDiedError) as error:
            answer = {"refused": str(error) or "it does not answer"}
        if "refused" in answer:
            raise _refused(address, answer["refused"])

    def ask(self, number: int, order: Order) -> tuple[dict[str, Any], bytes]:
        """Errors: WorkerDiedError."""
        with self._lock:
            asking = self._asking.setdefault(number, queue.SimpleQueue())
            self._process.write({"number": number, "order": asdict(order)})
            answer = _LOST if self._lost else None
        answer = answer or asking.get() or _LOST
        if "died" in answer:
            raise WorkerDiedError(answer["died"])
        return answer["result"], b64decode(answer["printed"])

    def close(self) -> None:
        """Stop what is running, and a cluster that was started for it."""
        self._end(0.0 if self._is_ours else _GRACE)

    def _end(self, grace: float) -> None:
        self._process.end(grace)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listen(self) -> None:
        while (answer := self._process.answers.get()) is not None:
            self._asking[answer["number"]].put(answer)
        with self._lock:
            self._lost = True
            for asking in self._asking.values():
                asking.put(None)


def _folder() -> Path:
    """A new folder for temporary files, with a path that leaves room for those of Ray's sockets."""
    usual = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="flowstone-ray-", dir=usual if len(usual) <= _LONGEST else _SHORT))


def _demand_reachable(address: str) -> None:
    """Errors: ConfigurationError if nobody listens there: Ray would try for minutes."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        if parts.hostname is not None and parts.port is not None:
            socket.create_connection((parts.hostname, parts.port), timeout=_REACH).close()
    except (OSError, ValueError) as error:
        raise _refused(address, str(error)) from error


def _refused(address: str | None, why: str) -> ConfigurationError:
    where = "no Ray cluster can be started here" if address is None else f"no Ray cluster answers at {address}"
    return ConfigurationError(f"{where}: {why}", help="see [run] ray in the configuration")
