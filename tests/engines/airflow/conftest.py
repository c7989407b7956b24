"""Projects compiled for Airflow and run in this process: one migrated database for the whole session."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flowstone.checks import run_checks
from flowstone.config import load_settings
from flowstone.conformance.airflow_home import airflow_environment, make_database
from flowstone.diagnostics.diagnostic import Severity
from flowstone.dsl.dynamic_partitions import dynamic_key
from flowstone.frontend import load
from flowstone.io.record import Record
from flowstone.ir.project import Project
from flowstone.runtime.registry import Registry
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace
from flowstone.targets.airflow import AirflowTarget
from flowstone.targets.contract import RenderOptions
from flowstone.targets.seal import seal

if TYPE_CHECKING:
    from flowstone.conformance.airflow_world import TaskState, World

HEADER = """
from pathlib import Path
from flowstone import AllPartitions, CheckResult, Context, Cron, DailyPartitions, Dep, Every, HourlyPartitions, Job
from flowstone import DynamicPartitions, MultiPartitions
from flowstone import Last, MonthlyPartitions, Offset, Only, Output, Retry, Scatter, StaticPartitions, WeeklyPartitions
from flowstone import Approval, Failure, OnUpdate, RunRequest, SensorResult, Signal, SignalGate
from flowstone import asset, check, join, resource, route, sensor

HERE = Path(__file__).parent

def note(text):
    with open(HERE / "notes", "a") as file:
        file.write(f"{text}\\n")
"""
CONFIGURATION = """
[tool.flowstone]
name = "{name}"
sources = ["{module}.py"]
default_io_manager = "files"
[tool.flowstone.concurrency]
one = 1
[tool.flowstone.io_managers.files]
type = "filesystem"
"""
_NUMBERS = itertools.count()
_FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None
_HOME = tempfile.TemporaryDirectory(prefix="flowstone-airflow-tests-", dir=_FOLDER)
os.environ.update(airflow_environment(Path(_HOME.name)))  # before the first import of Airflow


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Airflow's own warnings are not ours to fix."""
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(scope="session", autouse=True)
def database() -> Iterator[None]:
    """The metadata database."""
    make_database()
    yield
    _HOME.cleanup()


@dataclass
class Compiled:
    """A project in a folder, compiled for Airflow."""

    root: Path
    output: Path
    project: Project
    by_the_clock: bool = False
    world: World = field(init=False)

    def __post_init__(self) -> None:
        from flowstone.conformance.airflow_world import World

        self.world = World(self.output, by_the_clock=self.by_the_clock)

    def id(self, job: str, label: str = "") -> str:
        """Id of a DAG."""
        return "__".join(part for part in (self.project.name, job, label) if part)

    def run(self, job: str, label: str = "", *keys: str | None, conf: dict[str, Any] | None = None) -> list[TaskState]:
        """Trigger a DAG for the keys (once, if there is none) and let everything come to its end: its tasks."""
        for key in keys or (None,):
            self.world.trigger(self.id(job, label), key, conf)
        self.world.run(timeout=120)
        return self.world.tasks(self.id(job, label))

    def states(self, job: str, label: str = "") -> dict[tuple[str, str | None], str]:
        """State by task and partition; the last run counts."""
        return {(task.task, task.partition): task.state for task in self.world.tasks(self.id(job, label))}

    def notes(self) -> list[str]:
        """What functions of the project noted, in the order in which they ran."""
        path = self.root / "notes"
        return path.read_text().splitlines() if path.exists() else []

    def record(self, asset: str, partition: str | None = None) -> Record | None:
        manager, slot_of = Workspace(self.project, self.root, os.environ).storage(asset)
        return manager.record(slot_of(partition))

    def add(self, registry: str, *keys: str) -> None:
        """Add keys to a registry."""
        workspace = Workspace(self.project, self.root, os.environ)
        Registry(workspace, registry).add(map(dynamic_key, keys), Run("test", "local"))

    def remove(self, registry: str, *keys: str) -> None:
        """Remove keys from a registry."""
        Registry(Workspace(self.project, self.root, os.environ), registry).remove(map(dynamic_key, keys))

    def value(self, asset: str, partition: str | None = None) -> Any:
        manager, slot_of = Workspace(self.project, self.root, os.environ).storage(asset)
        record = manager.record(slot_of(partition))
        assert record is not None
        return manager.load(slot_of(partition), record, None)


CompileProject = Callable[..., Compiled]


@pytest.fixture
def compile_project(tmp_path: Path) -> Iterator[CompileProject]:
    """Compiles a project of one module, given as text. All tests share a database, so each project has its own name."""
    path = list(sys.path)

    def compile_(text: str, *, by_the_clock: bool = False) -> Compiled:
        number = next(_NUMBERS)
        module = f"airflow_pipeline_{number}"
        (tmp_path / f"{module}.py").write_text(HEADER + textwrap.dedent(text))
        (tmp_path / "pyproject.toml").write_text(CONFIGURATION.format(name=f"tests_{number}", module=module))
        settings = load_settings(tmp_path)
        loaded = load(settings)
        target = AirflowTarget()
        findings = [*run_checks(loaded, settings), *target.check(loaded.project)]
        assert [item for item in findings if item.severity is Severity.ERROR] == []
        output = tmp_path / "build" / "airflow"
        output.mkdir(parents=True, exist_ok=True)
        for file, content in target.render(loaded.project, RenderOptions("../..")).files.items():
            (output / file).write_text(seal(file, content))
        return Compiled(tmp_path, output, loaded.project, by_the_clock)

    yield compile_
    sys.path[:] = path
