"""The program that runs compiled flows, as the conformance command starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from flowstone.conformance.on_prefect import runs_of

PROJECT = """
import os

days = DailyPartitions("2024-01-01", "2024-03-01")
weeks = WeeklyPartitions("2024-01-01", "2024-03-01")

@asset(partitioned_by=days, timeout="1m")
def day(ctx: Context) -> int:
    note(f"{ctx.partition} {os.getpid()}")
    return 1

@asset(partitioned_by=weeks)
def week(day: dict[str, int]) -> int:
    return sum(day.values())

@asset
def reference() -> int:
    return 1

class NoLuckError(Exception):
    def __init__(self, first, second):  # cannot be unpickled
        super().__init__(f"{first} {second}")

@asset(depends_on=["reference"])
def broken() -> int:
    raise NoLuckError("no", "luck")

@asset(depends_on=["broken"])
def after() -> int:
    return 1

both = Job("both", select="week+ day reference", exclude="broken")
plain = Job("plain", select="reference")
bad = Job("bad", select="broken+")
"""


@pytest.fixture
def project(compile_project):
    return compile_project(PROJECT)


def test_each_time_key_is_a_run_and_ranges_are_too(project):
    assert runs_of(project.project, "both", ["2024-01-07", "2024-01-08"]) == [
        {"daily": "2024-01-07"},
        {"daily": "2024-01-08", "weekly": "2024-01-08"},
    ]
    assert runs_of(project.project, "both", ["2024-01-02..2024-01-03"]) == [
        {"daily": "2024-01-02"},
        {"daily": "2024-01-03"},
    ]
    assert runs_of(project.project, "plain", ["2024-01-07"]) == [{}]


@pytest.mark.parametrize(("runner", "first"), [("thread", "2024-01-01"), ("process", "2024-01-06")])
def test_flows_run_on_a_server_of_their_own(project, tmp_path, runner, first):
    request = {"jobs": ["plain", "both"], "partitions": [f"{first}..2024-01-07"]}
    result = _run(project, tmp_path, request, runner)
    flows = json.loads(result.stdout.splitlines()[-1])["flows"]
    assert flows[:2] == [
        ["plain", {}, "Completed: 1 Completed"],
        ["both", {"daily": first}, "Completed: 1 Cached, 1 Completed"],
    ]
    if runner == "thread":
        assert result.returncode == 0, result.stdout + result.stderr
        assert flows[-1] == ["both", {"daily": "2024-01-07"}, "Completed: 1 Cached, 2 Completed"]
        assert project.value("week", "2024-01-01") == 7
    else:
        assert result.returncode == 1
        assert "week[2024-01-01] (NotMaterializedError: day, partition 2024-01-01" in flows[-1][2]


@pytest.mark.parametrize("runner", ["thread", "process"])
def test_a_failed_flow_is_told(project, tmp_path, runner):
    result = _run(project, tmp_path, {"jobs": ["plain", "bad"], "partitions": []}, runner)
    assert result.returncode == 1
    assert json.loads(result.stdout.splitlines()[-1])["errors"] == [
        "bad {}: Failed: failed: broken (StepFailedError: NoLuckError: no luck); not run: after"
    ]


def _run(project, folder, request: dict, runner: str) -> subprocess.CompletedProcess[str]:
    path = folder / "request.json"
    path.write_text(json.dumps({"output": str(project.output), **request}))
    return subprocess.run(
        [sys.executable, "-m", "flowstone.conformance.on_prefect", str(path)],
        env={**os.environ, "FLOWSTONE_PREFECT_RUNNER": runner},
        capture_output=True,
        text=True,
    )
