"""Projects compiled for Prefect and run on a real server, one for the whole session, in this process."""

from __future__ import annotations

import itertools
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("prefect")

from flowstone.checks import run_checks
from flowstone.config import load_settings
from flowstone.conformance.on_prefect import load_flow, prefect_server
from flowstone.diagnostics.diagnostic import Severity
from flowstone.frontend import load
from flowstone.io.record import Record
from flowstone.ir.project import Project
from flowstone.runtime.workspace import Workspace
from flowstone.targets.contract import RenderOptions
from flowstone.targets.prefect import PrefectTarget

HEADER = """
from flowstone import *
from pathlib import Path

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


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the server."""
    with prefect_server(tmp_path_factory.mktemp("prefect")) as url:
        yield url


@dataclass
class Compiled:
    """A project in a folder, compiled for Prefect."""

    root: Path
    output: Path
    project: Project

    def run(self, job: str, **parameters: Any) -> Any:
        """The final state of a run of the flow."""
        return load_flow(self.output, self.project, job)(**parameters, return_state=True)

    def notes(self) -> list[str]:
        """What functions of the project noted, in the order in which they ran."""
        path = self.root / "notes"
        return path.read_text().splitlines() if path.exists() else []

    def record(self, asset: str, partition: str | None = None) -> Record | None:
        manager, slot_of = Workspace(self.project, self.root, os.environ).storage(asset)
        return manager.record(slot_of(partition))

    def value(self, asset: str, partition: str | None = None) -> Any:
        manager, slot_of = Workspace(self.project, self.root, os.environ).storage(asset)
        record = manager.record(slot_of(partition))
        assert record is not None
        return manager.load(slot_of(partition), record, None)


CompileProject = Callable[..., Compiled]


@pytest.fixture
def compile_folder(prefect_api: str) -> Iterator[Callable[[Path], Compiled]]:
    """Compiles the project in a folder."""
    path = list(sys.path)

    def compile_(root: Path) -> Compiled:
        settings = load_settings(root)
        loaded = load(settings)
        target = PrefectTarget()
        findings = [*run_checks(loaded, settings), *target.check(loaded.project)]
        assert [item for item in findings if item.severity is Severity.ERROR] == []
        output = root / "build" / "prefect"
        output.mkdir(parents=True, exist_ok=True)
        for file, content in target.render(loaded.project, RenderOptions("../..")).files.items():
            (output / file).write_text(content)
        return Compiled(root, output, loaded.project)

    yield compile_
    sys.path[:] = path


@pytest.fixture
def compile_project(tmp_path: Path, compile_folder: Callable[[Path], Compiled]) -> CompileProject:
    """Compiles a project of one module, given as text."""

    def compile_(text: str, *, name: str = "tests") -> Compiled:
        module = f"prefect_pipeline_{next(_NUMBERS)}"
        (tmp_path / f"{module}.py").write_text(HEADER + textwrap.dedent(text))
        (tmp_path / "pyproject.toml").write_text(CONFIGURATION.format(name=name, module=module))
        return compile_folder(tmp_path)

    return compile_
