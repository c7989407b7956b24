"""Run compiled flows on a real Prefect server: ``python -m flowstone.conformance.on_prefect REQUEST.json``.

The request is ``{"output": FOLDER, "jobs": [...], "partitions": [...]}``. The last line of the output is the result as
JSON, ``{"flows": [[name, parameters, state], ...], "errors": [...]}``; the exit code is 0 if all flows completed.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from flowstone.dsl.partitions import DynamicPartitions, MultiPartitions, TimePartitions
from flowstone.errors import FlowStoneError
from flowstone.ir.manifest import FILE_NAME
from flowstone.ir.project import Project
from flowstone.ir.run_keys import definitions, keys_of
from flowstone.ir.run_parameters import partition_parameters
from flowstone.runtime.registry import read_registries
from flowstone.runtime.workspace import Workspace

SERVER_STARTS_WITHIN = 120.0
"""Seconds."""
SERVER_STOPS_WITHIN = 30.0
"""Seconds; then it is killed."""

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
}
"""No telemetry, and never a server other than the one that was started."""


def main(request: Path) -> int:
    """Run what the request asks for; the exit code."""
    asked = json.loads(request.read_text(encoding="utf-8"))
    output = Path(asked["output"])
    flows: list[tuple[str, dict[str, Any], str]] = []
    errors: list[str] = []
    with tempfile.TemporaryDirectory(prefix="flowstone-prefect-") as home, prefect_server(Path(home)):
        workspace = Workspace.open(output / FILE_NAME)
        project = workspace.compiled
        for job in asked["jobs"]:
            known = read_registries(workspace, project)
            for parameters in runs_of(known, job, asked["partitions"]):
                state = load_flow(output, project, job)(**parameters, return_state=True)
                flows.append((job, parameters, f"{state.name}: {state.message}"))
                if not state.is_completed():
                    errors.append(f"{job} {parameters}: {state.name}: {state.message}")
    print(json.dumps({"flows": flows, "errors": errors}))  # noqa: T201 - the result
    return 1 if errors else 0


def runs_of(project: Project, job: str, texts: list[str]) -> list[dict[str, str]]:
    """Parameters of the runs that make the keys (or ranges of keys) of a job, in order: one run for each time key.

    A key that several definitions have is given to all of them in one run; static ones restrict what a run makes. Each
    given combination of the keys of several dimensions has a run.
    """
    steps = project.jobs[job].steps
    names = {definition: name for name, definition in partition_parameters(project, steps).items()}
    times: dict[str, dict[str, str]] = {}
    others: dict[str, dict[str, str]] = {}
    for definition, name in names.items():
        for key in keys_of(definition, texts):
            found = times if isinstance(definition, TimePartitions) else others
            found.setdefault(key.text, {})[name] = key.text if isinstance(definition, DynamicPartitions) else key.key
    runs = [{**time, **other} for time in times.values() or [{}] for other in others.values() or [{}]]
    for many in definitions(project, steps):
        if isinstance(many, MultiPartitions):
            runs += ({names[many.by_name[part]]: own.key for part, own in key.parts} for key in keys_of(many, texts))
    return [run for run in runs if run] or [{}]


def load_flow(output: Path, project: Project, job: str) -> Any:
    """The flow of a job from the generated file that defines it. Errors: FlowStoneError if there is none."""
    name = f"{project.name}__{job}"
    for path in sorted(output.glob("*.py")):
        for value in vars(_module(path)).values():
            if type(value).__name__ == "Flow" and value.name == name:
                return value
    raise FlowStoneError(f"no file in {output} defines the flow {name}", help="compile the project for Prefect")


def _module(path: Path) -> Any:
    name = f"flowstone_generated_{path.stem}"
    if name not in sys.modules or sys.modules[name].__file__ != str(path):
        spec = spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@contextmanager
def prefect_server(home: Path) -> Iterator[str]:
    """A Prefect server of our own with its database in memory; within the context Prefect uses it. Yields its address.

    Errors: FlowStoneError if it does not start.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    # Prefect reads them when it is imported.
    os.environ.update(QUIET, PREFECT_HOME=str(home), PREFECT_API_URL=url)
    log = home / "server.log"
    environment = {
        **os.environ,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": "sqlite+aiosqlite:///:memory:",
        "PREFECT_SERVER_UI_ENABLED": "false",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=output)  # noqa: S603
    try:
        from prefect.events.worker import EventsWorker  # takes as long as the server needs to start
        from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        _wait_for(url, server, log)
        # The heartbeat's thread would make each flow run a second longer.
        with temporary_settings({PREFECT_API_URL: url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            yield url
            EventsWorker.drain_all(timeout=10)  # else each event that is left costs seconds when Python ends
    finally:
        _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(SERVER_STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SERVER_STARTS_WITHIN
    while server.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.1)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise FlowStoneError(f"the Prefect server did not start:\n{tail}")


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
