"""The executor ``dask`` on a real cluster on this machine."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest
from distributed import Client

from flowstone.errors import ConfigurationError
from flowstone.runner.dask_pool import local_cluster
from flowstone.runner.execute import Options, execute
from flowstone.runner.forecast import forecast
from flowstone.runner.interrupts import Interrupts
from flowstone.runner.plan import plan
from flowstone.runner.progress import Reporter

LOG = """
import os, signal, subprocess, time
def log(text):
    number = os.open(HERE / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(number, f"{text}\\n".encode())
    os.close(number)
"""

MIXED = (
    LOG
    + """
from flowstone import Retry

@asset
def whole() -> int:
    print("from whole")
    return os.getppid()
@asset
def bad(whole: int) -> int:
    print("from bad")
    raise ValueError("a bad day")
@asset
def after(bad: int) -> int:
    return 1
@join(branches={"good": "whole", "lost": "bad"}, on_failure="partial")
def both(good: int | Failure, lost: int | Failure) -> str:
    return type(lost).__name__
@asset
def crash(whole: int) -> int:
    os._exit(3)
@asset(timeout=0.5)
def endless(whole: int) -> int:
    log(subprocess.Popen(["sleep", "1000"]).pid)
    time.sleep(1000)
    return 1
@asset(retries=Retry(1, delay=0.0))
def second_time(whole: int) -> int:
    if not (HERE / "tried").exists():
        (HERE / "tried").touch()
        raise ConnectionError("not yet")
    return whole
@asset(io_manager="ram")
def kept(whole: int) -> int:
    return os.getpid()
"""
)


class Heard(Reporter):
    def __init__(self):
        self.notes, self.results, self.skips, self.begun = [], {}, {}, threading.Event()

    def note(self, text):
        self.notes.append(text)

    def finished(self, task, result):
        self.results[task.step] = result

    def skipped(self, task, cause):
        self.skips[task.step] = cause.step


def run(made, address, interrupts=None, workers=2):
    heard = Heard()
    logs = made.root / "logs"
    options = Options("run", "dask", workers, manifest=made.manifest, logs=logs, dask=address)
    planned = forecast(made.workspace, plan(made.project, list(made.project.steps), ()))
    heard.summary = execute(planned, made.workspace, options, heard, interrupts=interrupts)
    return heard


@pytest.fixture(scope="module")
def cluster():
    with local_cluster(2, secure=False) as cluster:
        yield cluster


def test_it_means_what_worker_processes_mean(make_project, cluster, is_alive):
    made = make_project(MIXED, managers={"ram": "memory"})
    with Client(cluster, set_as_default=False) as client:
        workers = set(client.run(os.getpid).values())
    heard = run(made, cluster.scheduler_address)
    statuses = {step: result.status for step, result in heard.results.items()}
    assert statuses.pop("whole") == statuses.pop("second_time") == statuses.pop("kept") == "materialized"
    assert statuses.pop("both") == "materialized"
    assert made.value("both") == "Failure"
    assert set(statuses) == {"bad", "crash", "endless"}
    assert set(statuses.values()) == {"failed"}
    assert made.value("whole") in workers
    assert heard.skips == {"after": "bad"}
    failures = {step: heard.results[step].failure for step in statuses}
    assert failures["bad"].message == "a bad day"
    assert failures["bad"].output == "from bad\n"
    assert "exit code 3" in failures["crash"].message
    assert failures["endless"].kind == "AssetTimeoutError"
    assert not is_alive(int(made.lines()[0]))
    assert heard.summary.retries == 1
    assert any("from whole" in path.read_text() for path in (made.root / "logs").glob("dask-*.log"))
    assert heard.notes == ["kept: run in this process, since values are kept in memory"]


def test_a_worker_of_the_cluster_that_dies_is_a_failure_of_what_it_ran(make_project):
    text = (
        LOG
        + """
@asset
def deadly() -> int:
    log("deadly")
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(1000)
    return 1
@asset
def beside() -> int:
    return 1
@asset
def later(beside: int) -> int:
    return 1
"""
    )
    made = make_project(text)
    heard = run(made, None)
    assert heard.results["deadly"].failure.message == "the worker of the Dask cluster that ran the asset has ended"
    assert heard.results["later"].status == "materialized"
    assert made.lines() == ["deadly"]


def test_an_interruption_leaves_nothing_behind(make_project, cluster, is_alive, monkeypatch):
    monkeypatch.setattr("flowstone.runner.execute.GRACE", 0.1)
    text = (
        LOG
        + """
@asset
def endless() -> int:
    log(os.getpid())
    log(subprocess.Popen(["sleep", "1000"], start_new_session=True).pid)
    time.sleep(1000)
    return 1
"""
    )
    made = make_project(text)
    interrupts = Interrupts()

    def stop_once_it_runs():
        while len(made.lines()) < 2:
            time.sleep(0.01)
        interrupts.asked = KeyboardInterrupt

    threading.Thread(target=stop_once_it_runs, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run(made, cluster.scheduler_address, interrupts)
    assert not any(map(is_alive, map(int, made.lines())))


def test_a_scheduler_that_does_not_answer_is_told(make_project, monkeypatch):
    monkeypatch.setattr("flowstone.runner.dask_pool._PATIENCE", 0.2)
    with pytest.raises(ConfigurationError, match="no Dask scheduler answers at tcp://"):
        run(make_project("@asset\ndef a() -> int:\n    return 1\n"), "tcp://127.0.0.1:1")


def test_without_dask_it_says_what_to_install(make_project, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigurationError) as caught:
        run(make_project("@asset\ndef a() -> int:\n    return 1\n"), None)
    assert caught.value.help == "pip install 'flowstone[dask]'"
