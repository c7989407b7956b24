"""Runs that are remembered: listed, read, gone on with and selected by."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = """
import logging
from pathlib import Path
from flowstone import asset

HERE = Path(__file__).parent

def log(text):
    with (HERE / "log").open("a") as file:
        file.write(text + "\\n")

@asset
def raw() -> int:
    log("raw")
    print("from raw")
    logging.getLogger("mine").info("a record")
    return 1

@asset
def total(raw: int, weight: int = 1) -> int:
    log("total")
    print("from total")
    if not (HERE / "good").exists():
        raise ValueError("not yet")
    return raw * weight

@asset
def report(total: int) -> str:
    log("report")
    return str(total)
"""


@pytest.fixture
def project(cli_project):
    return cli_project(TEXT)


def ran(project):
    """The functions that were called since the last time."""
    log = project / "log"
    lines = log.read_text().split() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_runs_are_listed_with_what_came_of_them(call):
    assert "there was no run yet" in call("runs").stderr
    call("run", code=1)
    call("run", "raw")
    lines = call("runs").stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["done", "failed"]
    assert "1 reused" in lines[0]
    assert "1 materialized, 1 failed, 1 skipped" in lines[1]
    (newest,) = json.loads(call("runs", "--limit", "1", "--output-format", "json").stdout)
    assert (newest["status"], newest["counts"], newest["asked"]["steps"]) == ("done", {"reused": 1}, ["raw"])


@pytest.mark.parametrize("executor", ["inline", "thread", "process"])
def test_what_functions_print_is_kept_by_run_and_asset(call, executor):
    call("run", "--executor", executor, code=1)
    text = call("logs", "last", "raw").stdout
    assert text.splitlines() == ["from raw", "INFO mine: a record"]
    both = call("logs").stdout
    assert "== raw\nfrom raw" in both
    assert "== total\nfrom total" in both
    assert "nothing was printed" in call("logs", "last", "report").stderr
    assert call("logs", "--follow").stdout.splitlines()[0] == "raw | from raw"


def test_what_is_printed_is_shown_when_asked_for_and_never_in_the_way_of_results(call):
    result = call("run", "raw", "--executor", "thread", "--show-output", "--output-format", "json")
    assert json.loads(result.stdout)["ok"]
    result = call("run", "raw", "--executor", "thread", "--show-output", "--force")
    assert "raw | from raw" in result.stderr
    assert "from raw" not in result.stdout
    assert "from raw" not in call("run", "raw", "--executor", "thread", "--force").stderr


def test_control_characters_are_shown_as_such(call, project):
    module = next(project.glob("cli_*.py"))
    module.write_text(TEXT.replace('"from raw"', '"\\x1b[31mred"'))
    call("run", "raw")
    assert "\\x1b[31mred" in call("logs").stdout


def test_a_failed_run_is_gone_on_with(call, project):
    call("run", "--set", "total.weight=5", code=1)
    assert ran(project) == ["raw", "total"]
    (project / "good").touch()
    call("run", "--resume")
    assert ran(project) == ["total", "report"]
    data = project / ".flowstone" / "data" / "local"
    assert (data / "total.json").read_text() == "5\n"
    first, last = json.loads(call("runs", "--output-format", "json").stdout)[::-1]
    assert last["resumes"] == first["id"]


def test_what_a_forced_run_has_made_is_not_made_once_more(call, project):
    (project / "good").touch()
    call("run")
    (project / "good").unlink()
    ran(project)
    call("run", "--force", code=1)
    assert ran(project) == ["raw", "total"]
    call("run", "--resume", code=1)
    assert ran(project) == ["total"]
    (project / "good").touch()
    call("run", "--resume")
    assert ran(project) == ["total", "report"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resume"], "is done: there is nothing to go on with"),
        (["--resume", "1999"], "there is no run '1999'"),
        (["raw", "--resume"], "takes no selection"),
        (["--force", "--resume"], "takes no selection"),
    ],
)
def test_what_cannot_be_resumed_exits_2(call, arguments, message):
    call("run", "raw")
    assert message in call("run", *arguments, code=2).stderr


def test_what_is_not_there_any_more_cannot_be_resumed(call, project):
    call("run", code=1)
    module = next(project.glob("cli_*.py"))
    module.write_text(TEXT.replace("def report", "def summary"))
    assert "was to make report, which the project does not have" in call("run", "--resume", code=2).stderr


def test_results_of_the_last_run_can_be_selected(call, project):
    assert "there was no run yet" in call("ls", "result:failed", code=2).stderr
    call("run", code=1)
    assert call("ls", "result:failed").stdout.split()[0] == "total"
    assert call("ls", "result:skipped").stdout.split()[0] == "report"
    assert "there are: materialized" in call("ls", "result:odd", code=2).stderr
    (project / "good").touch()
    ran(project)
    call("run", "result:failed+")
    assert ran(project) == ["total", "report"]
    assert "matches nothing" in call("ls", "result:failed", code=2).stderr


def test_a_state_folder_that_cannot_be_written_is_named(call, project):
    (project / ".flowstone").mkdir()
    (project / ".flowstone" / "state.db").mkdir()
    error = call("run", "raw", code=2).stderr
    assert "state.db" in error
    assert "FLOWSTONE_HOME" in error
    assert ran(project) == []


def test_a_second_run_of_the_same_is_refused_by_name(call, project):
    text = """
import sys
from pathlib import Path
from flowstone.runner.history.alive import living
from flowstone.runner.history.history import Beginning, History
from flowstone.runner.forecast import Expectation, Forecast
from flowstone.runner.plan import Plan, Task
with History(Path(sys.argv[1])) as history, living(history.locks, "first"):
    task = Task("raw", None, ())
    planned = Forecast(Plan((task,)), (Expectation(task, "run"),))
    history.begin(Beginning("first", "flowstone run raw", {}, None), planned)
    print("ready", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", text, str(project / ".flowstone")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"ready\n"
        assert f"run first (process {other.pid}: flowstone run raw) is making raw" in call("run", code=2).stderr
        assert ran(project) == []
        other.kill()
    call("run", "raw")
    assert ran(project) == ["raw"]


def test_a_run_is_written_as_one_file(call, project):
    call("run", "raw")
    path = Path(call("report").stdout.strip())
    assert path.parent == project / ".flowstone" / "reports"
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert "raw" in call("report", "last", "-o", "-").stdout
    target = project / "report.html"
    assert call("report", "-o", str(target)).stdout == f"{target}\n"


def test_a_report_of_a_project_that_is_broken_now(call, project):
    call("run", "raw")
    for path in project.glob("cli_*.py"):
        path.write_text("from flowstone import asset\n\n@asset\ndef raw(nobody: int) -> int:\n    return (\n")
    assert "raw" in call("report", "-o", "-").stdout


def test_a_report_of_no_run_is_told(call):
    assert "there was no run yet" in call("report", code=2).output
