"""The command line of a compiled job, run as a user runs it: in a process of its own."""

import os
import signal
import subprocess
import sys
import time

import pytest

from flowstone.runner.job import main

SCRIPT = """
import sys
from pathlib import Path
from flowstone.runner.job import main
sys.exit(main(Path({manifest!r}), "nightly", {steps!r}))
"""

TEXT = """
import os
def log(text):
    number = os.open(HERE / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(number, f"{text}\\n".encode())
    os.close(number)
@asset
def first() -> int:
    log(f"first {os.getpid()}")
    return 1
@asset
def second(first: int) -> int:
    log(f"second {os.getpid()}")
    with open(HERE / "ready", "w") as pipe:
        pipe.write("x")
    with open(HERE / "go") as pipe:
        pipe.read()
    return 2
@asset
def third(second: int) -> int:
    return 3
"""


@pytest.fixture
def start(make_project):
    """Starts the job of a project; the processes are ended with the test."""
    processes = []

    def start(made, *arguments):
        script = SCRIPT.format(manifest=str(made.manifest), steps=tuple(made.project.steps))
        process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            env={**os.environ, "FLOWSTONE_PROJECT_ROOT": str(made.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def workers(made):
    return {int(line.split()[1]) for line in made.lines()}


@pytest.fixture
def halfway(make_project, start):
    """A job that has made its first asset and is in the middle of the second."""
    made = make_project(TEXT)
    for name in ("ready", "go"):
        os.mkfifo(made.root / name)
    process = start(made)
    with (made.root / "ready").open() as pipe:
        assert pipe.read() == "x"
    return made, process


def finish(made, start):
    process = start(made)
    with (made.root / "ready").open() as pipe:
        pipe.read()
    with (made.root / "go").open("w") as pipe:
        pipe.write("x")
    output = process.communicate(timeout=60)
    return process.returncode, *output


def test_nothing_outlives_a_killed_runner_and_the_same_command_goes_on(halfway, start, is_alive):
    made, process = halfway
    process.kill()
    process.wait()
    assert not any(is_alive(pid) for pid in workers(made))
    assert made.value("first") == 1
    assert made.value("second") is None
    code, _, err = finish(made, start)
    assert code == 0
    assert made.value("second") == 2
    assert [line.split()[0] for line in made.lines()] == ["first", "second", "second"]
    assert "reused" in err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_ends_in_order_and_says_how_to_go_on(halfway, number, code, is_alive):
    made, process = halfway
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert err.splitlines()[-1].startswith("interrupted; to go on: ")
    assert not any(is_alive(pid) for pid in workers(made))


def test_what_ends_soon_after_the_first_signal_is_kept_and_nothing_else_begins(halfway, start):
    made, process = halfway
    process.send_signal(signal.SIGINT)
    with (made.root / "go").open("w") as pipe:
        pipe.write("x")
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert made.value("second") == 2
    assert made.value("third") is None


def test_the_second_signal_stops_at_once(halfway, is_alive):
    made, process = halfway
    process.send_signal(signal.SIGINT)
    for line in process.stderr:
        if "stopping" in line:
            break
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 3.5  # the first one alone takes longer
    assert process.returncode == 143
    assert err.splitlines()[-1].startswith("interrupted; to go on: ")
    assert not any(is_alive(pid) for pid in workers(made))
    assert made.value("second") is None


@pytest.mark.parametrize("executor", ["thread", "inline"])
def test_functions_in_the_same_process_are_interrupted_too(make_project, start, executor):
    made = make_project(TEXT)
    for name in ("ready", "go"):
        os.mkfifo(made.root / name)
    process = start(made, "--executor", executor)
    with (made.root / "ready").open() as pipe:
        pipe.read()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.splitlines()[-1].startswith("interrupted; to go on: ")
    assert made.value("second") is None


def test_wrong_arguments_exit_with_2(make_project, start):
    made = make_project("@asset(partitioned_by=DailyPartitions('2024-01-01'))\ndef day() -> int:\n    return 1\n")
    process = start(made)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "say which partitions to run: daily from 2024-01-01: day" in err
    assert "--partition 2024-01-01" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "0"], "'0' is no whole number from 1"),
        (["--workers", "many"], "'many' is no whole number from 1"),
        (["--partitions", "2024-01-01"], "'2024-01-01' is no range such as 2024-01-01..2024-01-01"),
    ],
)
def test_an_argument_that_cannot_be_meant_is_explained(make_project, capsys, arguments, message):
    made = make_project("@asset\ndef a() -> int:\n    return 1\n")
    with pytest.raises(SystemExit) as caught:
        main(made.manifest, "all", ["a"], arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_the_result_is_a_table_on_the_standard_output(make_project, start):
    made = make_project("@asset(partitioned_by=DailyPartitions('2024-01-01'))\ndef day() -> int:\n    return 1\n")
    process = start(made, "--partitions", "2024-01-01..2024-01-03", "--executor", "inline")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.split()[:5] == ["materialized", "reused", "failed", "skipped", "rows"]
    assert err.splitlines()[0].startswith("2024-01-01 day  materialized")
    assert len(err.splitlines()) == 3


def test_json(make_project, start):
    import json

    made = make_project(
        "@asset\ndef a() -> int:\n    return 1\n@asset\ndef b(a: int) -> int:\n    raise ValueError('x')\n"
    )
    process = start(made, "--output-format", "json", "--executor", "thread")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "")
    document = json.loads(out)
    assert (document["ok"], document["materialized"], document["failed"]) == (False, 1, 1)
    assert document["tasks"][1]["failure"]["message"] == "x"


SIDE_BY_SIDE = """
import os, time
def log(text):
    number = os.open(HERE / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(number, f"{text}\\n".encode())
    os.close(number)
for name in ("a", "b", "c"):
    @asset(name=name)
    def one() -> int:
        log("in")
        time.sleep(0.05)
        log("out")
        return 1
nightly = Job("nightly", concurrency=1)
"""


def test_a_job_runs_no_more_at_once_than_it_says(make_project, monkeypatch):
    made = make_project(SIDE_BY_SIDE)
    monkeypatch.setenv("FLOWSTONE_PROJECT_ROOT", str(made.root))
    assert main(made.manifest, "nightly", ["a", "b", "c"], ["--executor", "thread", "--workers", "3"]) == 0
    assert made.lines() == ["in", "out"] * 3
