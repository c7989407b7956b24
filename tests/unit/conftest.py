"""Projects made from source text, for tests that run them."""

from __future__ import annotations

import importlib
import itertools
import os
import select
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flowstone.config.model import IoManagerSettings, Settings
from flowstone.diagnostics.diagnostic import Severity
from flowstone.dsl.vocabulary import PUBLIC_NAMES
from flowstone.frontend import load
from flowstone.ir.manifest import make_manifest
from flowstone.ir.project import Project
from flowstone.runtime.materialize import materialize
from flowstone.runtime.outcome import Outcome
from flowstone.runtime.run import Run
from flowstone.runtime.workspace import Workspace

HEADER = f"from flowstone import {', '.join(PUBLIC_NAMES)}\nfrom pathlib import Path\nHERE = Path(__file__).parent\n"
_NUMBERS = itertools.count()


@dataclass
class Made:
    """A project in a folder."""

    root: Path
    module: str
    project: Project

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.project, self.root, {})

    @property
    def manifest(self) -> Path:
        path = self.root / "flowstone.json"
        path.write_text(make_manifest(self.project, None).model_dump_json())
        return path

    def make(self, step: str, partition: str | None = None, workspace: Workspace | None = None, **more) -> Outcome:
        return materialize(workspace or self.workspace, step, partition, Run("run", "local"), **more)

    def value(self, asset: str, partition: str | None = None):
        workspace = self.workspace
        manager, slot_of = workspace.storage(asset)
        slot = slot_of(partition)
        record = manager.record(slot)
        return None if record is None else manager.load(slot, record, None)

    def lines(self, name: str = "log") -> list[str]:
        """What functions of the project wrote into a file by ``log``."""
        path = self.root / name
        return path.read_text().splitlines() if path.exists() else []


MakeProject = Callable[..., Made]


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Tells whether a process still runs after twenty seconds: one that was killed takes a moment to end."""

    def is_alive(pid: int) -> bool:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        try:
            return not select.select([handle], [], [], 20)[0]
        finally:
            os.close(handle)

    return is_alive


@pytest.fixture
def make_project(tmp_path: Path) -> Iterator[MakeProject]:
    """Makes a project from the text of one module. Called again with ``like=``, the same module in another version."""
    path, modules = list(sys.path), set(sys.modules)

    def make(
        text: str,
        *,
        manager: str = "filesystem",
        managers: dict[str, str] | None = None,
        params: dict | None = None,
        concurrency: dict[str, int] | None = None,
        like: Made | None = None,
    ) -> Made:
        module = like.module if like else f"pipeline_{next(_NUMBERS)}"
        sys.modules.pop(module, None)
        (tmp_path / f"{module}.py").write_text(HEADER + text)
        importlib.invalidate_caches()
        project = _project(tmp_path, module, {"local": manager, **(managers or {})}, params or {}, concurrency or {})
        return Made(tmp_path, module, project)

    yield make
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("pipeline_"):
            del sys.modules[name]


def _project(root: Path, module: str, managers: dict[str, str], params: dict, limits: dict[str, int]) -> Project:
    settings = Settings(
        name="test",
        root=root,
        home=root / ".flowstone",
        sources=(f"{module}.py",),
        io_managers={name: IoManagerSettings(kind) for name, kind in managers.items()},
        params=params,
        concurrency=limits,
    )
    loaded = load(settings)
    errors = [str(finding) for finding in loaded.diagnostics if finding.severity is Severity.ERROR]
    assert not errors, errors
    return loaded.project
