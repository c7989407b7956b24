"""The projects of the golden files, run: what is generated is not only what is expected, it works."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from flowstone.conformance.on_prefect import runs_of
from flowstone.dsl.dynamic_partitions import written_key
from flowstone.ir.run_keys import assign_keys
from flowstone.runtime.registry import Registry, read_registries
from flowstone.runtime.run import Run
from flowstone.runtime.signals import signals_of
from flowstone.runtime.workspace import Workspace

GOLDEN = Path(__file__).parents[2] / "golden"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/pyproject.toml") if (path.parent / "prefect").is_dir())
"""Examples are run by ``tests/conformance``."""
KEYS = {
    ("branches", "nightly"): ["2024-01-01"],
    ("calendar", "nightly"): ["2024-01-01..2024-01-07"],
    ("calendar", "ticking"): ["2024-01-01T00..2024-01-01T23"],
    ("calendar", "shifts"): ["2024-01-05T1800"],
    ("cells", "nightly"): ["2024-01-01..2024-01-07"],
    ("cells", "clock"): ["2024-01-01"],
    ("cells", "others"): ["2024-01-01.us~2Fwest", "2024-01-02"],
    ("jobs", "logging"): ["2024-01-01"],
    ("jobs", "auditing"): ["2024-01-01"],
    ("updates", "counting"): ["2024-01-01"],
    ("updates", "ratios"): ["2024-01-01"],
}

SIGNALS = {"branches": {"reply to 2024-01-01": "thanks"}}
"""What is answered before anything has asked, by token."""


@pytest.mark.parametrize("case", CASES)
def test_every_job_completes_and_stores_what_it_makes(case, tmp_path, compile_folder):
    for source in (path for path in (GOLDEN / case).iterdir() if path.is_file()):
        shutil.copy(source, tmp_path)
    compiled = compile_folder(tmp_path)
    workspace = Workspace(compiled.project, tmp_path, os.environ)
    for name in compiled.project.registries:
        Registry(workspace, name).add([written_key("Graz")], Run("test", "local"))
    for token, payload in SIGNALS.get(case, {}).items():
        signals_of(workspace).send(token, payload, "test")
    project = read_registries(workspace, compiled.project)
    for job in project.jobs.values():
        keys = KEYS.get((case, job.name), [])
        for parameters in runs_of(project, job.name, keys):
            state = compiled.run(job.name, **parameters)
            assert state.is_completed(), state.message
        for step, made in assign_keys(project, job.steps, keys).items():
            for key in made if step not in project.routes else ():
                for asset in project.steps[step].outputs.values():
                    assert compiled.record(asset, None if key is None else key.text) is not None
