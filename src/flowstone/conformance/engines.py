"""Running a project on an engine, each run in a process, a folder and an environment of its own."""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flowstone.errors import FlowStoneError
from flowstone.ir.project import Project
from flowstone.registry import io_manager_class

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "SCARF_ANALYTICS": "false",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
}
"""Telemetry of the engines, switched off."""


class EngineFailedError(FlowStoneError):
    """An engine did not run the project to its end."""


@dataclass(frozen=True)
class Engine:
    """An engine and where its run lies."""

    name: str
    """``local``, ``airflow`` or ``prefect``."""
    python: str
    """The interpreter of the environment in which the engine is installed."""
    folder: Path
    """Files that the run writes go below this folder."""
    mark: str = field(default_factory=lambda: secrets.token_hex(16))
    """No two runs have the same."""

    @property
    def output(self) -> Path:
        """Folder of the generated files."""
        return self.folder / "compiled"

    def environment(self, project: Project, root: Path, base: Mapping[str, str]) -> dict[str, str]:
        """Variables that send everything the run stores to places of the engine's own, whatever the project configures.

        Errors: ConfigurationError for an IO manager that cannot be loaded.
        """
        places = {
            f"FLOWSTONE_IO_MANAGERS__{name.upper()}__{option.upper()}": value
            if isinstance(value, str)
            else json.dumps(value)
            for name, manager in project.io_managers.items()
            for option, value in io_manager_class(manager.type)
            .apart(self.folder / "data" / name, self.mark_of(name))
            .items()
        }
        own = {"FLOWSTONE_HOME": str(self.folder / "state"), "FLOWSTONE_PROJECT_ROOT": str(root)}
        return {**base, **QUIET, **places, **own}

    def mark_of(self, manager: str) -> str:
        """A name that nothing has yet, for what an IO manager keeps outside of the folder."""
        return f"flowstone_apart_{hashlib.sha256(f'{self.mark}.{manager}'.encode()).hexdigest()[:16]}"


def run_local(
    engine: Engine,
    project: Project,
    root: Path,
    steps: Sequence[str],
    keys: Sequence[str],
    base: Mapping[str, str],
) -> None:
    """Run on the local runner. Errors: EngineFailedError."""
    command = [engine.python, "-m", "flowstone", "run", "--project", str(root), *steps]
    if project.profile is not None:
        command += ["--profile", project.profile]
    for key in keys:
        command += ["--partition", key]
    _run(engine, command, engine.environment(project, root, base))


def run_compiled(
    engine: Engine,
    project: Project,
    root: Path,
    jobs: Sequence[str],
    keys: Sequence[str],
    base: Mapping[str, str],
) -> None:
    """Run the compiled files on their engine. Errors: EngineFailedError."""
    request = engine.folder / "request.json"
    request.write_text(json.dumps({"output": str(engine.output), "jobs": list(jobs), "partitions": list(keys)}))
    command = [engine.python, "-m", f"flowstone.conformance.on_{engine.name}", str(request)]
    _run(engine, command, engine.environment(project, root, base))


def own_python() -> str:
    """The interpreter of this process."""
    return sys.executable


def _run(engine: Engine, command: list[str], environment: dict[str, str]) -> None:
    log = engine.folder / "log.txt"
    try:
        with log.open("wb") as file:
            result = subprocess.run(command, env=environment, stdout=file, stderr=subprocess.STDOUT, check=False)  # noqa: S603
    except OSError as error:
        raise EngineFailedError(f"{engine.name}: cannot start {command[0]}: {error.strerror}") from error
    if result.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise EngineFailedError(f"{engine.name} ended with exit code {result.returncode}:\n{tail}", help=f"see {log}")
