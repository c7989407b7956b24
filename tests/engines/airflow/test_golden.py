"""The golden files of generated code, on Airflow: they are loaded, judged and run as they stand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flowstone.config import load_settings
from flowstone.conformance.on_airflow import run_jobs
from flowstone.frontend import load
from flowstone.ir.manifest import FILE_NAME
from flowstone.runtime.signals import signals_of
from flowstone.runtime.workspace import Workspace
from flowstone.targets.manifest import manifest_file

GOLDEN = Path(__file__).parents[2] / "golden"
FILES = sorted(GOLDEN.glob("*/airflow/*.py"))
RUNS = {
    "branches": [(["nightly"], ["2024-01-01"])],
    "calendar": [
        (["nightly"], ["2024-01-01..2024-01-07"]),
        (["ticking"], ["2024-01-02T00..2024-01-02T23"]),
        (["shifts"], ["2024-01-05T1800"]),
    ],
    "cells": [(["nightly", "others"], ["2024-01-01..2024-01-07"])],
    "chain": [(["hourly"], [])],
    "hostile": [(["strange"], [])],
    "jobs": [(["loading", "logging", "cleaning", "mailing", "auditing", "lost"], ["2024-01-05"])],
    "regions": [(["selling", "totals", "shares", "opening"], [])],
    "updates": [(["load", "publish", "revenue", "tell"], []), (["counting", "ratios"], ["2024-01-05"])],
}
"""What is run of each case: jobs and partitions."""


def test_every_case_is_run():
    own = (path.parent for path in GOLDEN.glob("*/pyproject.toml"))  # examples are run by tests/conformance
    assert sorted(RUNS) == sorted(path.name for path in own if (path / "airflow").is_dir())


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_airflow_finds_the_files_stable(file):
    from airflow.utils.dag_version_inflation_checker import check_dag_file_stability

    assert check_dag_file_stability(os.fspath(file)).format_warnings() is None


@pytest.mark.parametrize("case", sorted(RUNS))
def test_the_files_run(case, tmp_path, monkeypatch):
    from flowstone.conformance.airflow_world import World

    monkeypatch.setattr(sys, "path", list(sys.path))
    root = tmp_path / case
    shutil.copytree(GOLDEN / case, root)
    project = load(load_settings(root)).project
    (root / "airflow" / FILE_NAME).write_text(manifest_file(project, "..")[FILE_NAME], encoding="utf-8")
    world = World(root / "airflow")
    workspace = Workspace(project, root, os.environ)
    if case == "branches":
        signals_of(workspace).send("reply to 2024-01-01", "thanks", "test")
    for jobs, partitions in RUNS[case]:
        assert run_jobs(world, workspace, jobs, partitions) == []


def test_parsing_a_file_imports_neither_user_code_nor_what_tasks_need():
    program = f"""
import runpy, sys
import airflow.sdk
before = set(sys.modules)
runpy.run_path({os.fspath(GOLDEN / "chain" / "airflow" / "hourly.py")!r})
print(*sorted(name for name in set(sys.modules) - before if not name.startswith("airflow.")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    new = done.stdout.splitlines()[-1].split()
    assert [name for name in new if name.startswith("flowstone")] == [
        "flowstone",
        "flowstone.__about__",
        "flowstone.runtime",
        "flowstone.runtime.airflow",
    ]
    assert not {"pydantic", "polars", "pandas", "pyarrow", "jinja2", "networkx", "chain_pipeline"} & set(new)
