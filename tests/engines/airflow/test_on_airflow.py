"""The program that runs compiled DAGs, as the conformance command starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

PROJECT = """
days = DailyPartitions("2024-01-01")

@asset
def reference() -> int:
    return 1

@asset(partitioned_by=days)
def day(ctx: Context, reference: int) -> int:
    return reference

@asset(partitioned_by=WeeklyPartitions("2024-01-01"))
def week(day: dict[str, int]) -> int:
    return sum(day.values())

@asset
def report(week: dict[str, int]) -> str:
    return str(week)

@asset(depends_on=["reference"])
def broken() -> int:
    raise ValueError("no luck")

everything = Job("everything", select="*", exclude="broken")
bad = Job("bad", select="broken")
"""


@pytest.fixture
def project(compile_project):
    return compile_project(PROJECT)


def test_everything_is_run_once_and_told(project, tmp_path):
    result = _run(project, tmp_path, {"jobs": ["everything"], "partitions": ["2024-01-01..2024-01-07"]})
    assert result.returncode == 0, result.stdout + result.stderr
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["errors"] == []
    dag = project.id("everything")
    tasks = sorted(map(tuple, told["tasks"]), key=str)
    assert tasks == sorted(
        [
            (dag, "reference", None, "success"),
            *((f"{dag}__daily", "day", f"2024-01-0{day}", "success") for day in range(1, 8)),
            (f"{dag}__weekly", "week", "2024-01-01", "success"),
            (f"{dag}__summary", "report", "all", "success"),
        ],
        key=str,
    )
    assert project.value("report") == "{'2024-01-01': 7}"


def test_a_failure_is_told(project, tmp_path):
    result = _run(project, tmp_path, {"jobs": ["bad"], "partitions": []})
    assert result.returncode == 1
    errors = json.loads(result.stdout.splitlines()[-1])["errors"]
    assert any("reference is not materialized" in error or "no luck" in error for error in errors)
    assert any(error.endswith("broken[None] is failed") for error in errors)


def _run(project, folder, request):
    path = folder / "request.json"
    path.write_text(json.dumps({"output": str(project.output), **request}))
    command = [sys.executable, "-m", "flowstone.conformance.on_airflow", str(path)]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
