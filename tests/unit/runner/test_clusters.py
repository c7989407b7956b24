"""The executors ``dask`` and ``ray`` on real clusters on this machine."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from distributed import Client

from flowstone.errors import ConfigurationError
from flowstone.runner.dask_pool import local_cluster
from flowstone.runner.execute import Options, execute
from flowstone.runner.forecast import forecast
from flowstone.runner.interrupts import Interrupts
from flowstone.runner.plan import plan
from flowstone.runner.progress import Reporter
from flowstone.runner.ray_pool import local_environment
from flowstone.runtime.workspace import Workspace

LOG = """
import os, signal, subprocess, time
from pathlib import Path
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
    (HERE / "parent").write_text(Path(f"/proc/{os.getppid()}/cmdline").read_text())
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


PLAIN = "@asset\ndef a() -> int:\n    return 1\n"


class Heard(Reporter):
    def __init__(self):
        self.notes, self.results, self.skips, self.begun = [], {}, {}, threading.Event()

    def note(self, text):
        self.notes.append(text)

    def finished(self, task, result):
        self.results[task.step] = result

    def skipped(self, task, cause):
        self.skips[task.step] = cause.step


@dataclass(frozen=True)
class Cluster:
    """One that is there already."""

    executor: str
    address: str
    is_worker: Callable[[int, str], bool]
    environment: dict[str, str] = field(default_factory=dict)


def run(made, executor, cluster=None, interrupts=None, manifest=None):
    heard = Heard()
    logs = made.root / "logs"
    address = None if cluster is None else cluster.address
    options = Options("run", executor, 2, manifest=manifest or made.manifest, logs=logs, dask=address, ray=address)
    workspace = Workspace(made.project, made.root, {} if cluster is None else cluster.environment)
    planned = forecast(workspace, plan(made.project, list(made.project.steps), ()))
    heard.summary = execute(planned, workspace, options, heard, interrupts=interrupts)
    return heard


@contextmanager
def dask():
    with local_cluster(2, secure=False) as cluster, Client(cluster, set_as_default=False) as client:
        workers = set(client.run(os.getpid).values())
        yield Cluster("dask", cluster.scheduler_address, lambda pid, _: pid in workers)


def _is_of_ray(_, command):
    return command.startswith("ray::RayCrew")


RAY = """
import sys, ray
started = ray.init(num_cpus=2, include_dashboard=False, object_store_memory=80 << 20, _temp_dir=sys.argv[1])
print(started.address_info["gcs_address"], flush=True)
sys.stdin.read()
"""


@contextmanager
def ray():
    environment = {**os.environ, **local_environment()}
    with tempfile.TemporaryDirectory(prefix="ray-") as folder:
        command = [sys.executable, "-c", RAY, folder]
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as child:
            yield Cluster("ray", child.stdout.readline().strip(), _is_of_ray, environment)


def left_of(made):
    """Folders of crews that are still there."""
    places = (f"{folder}flowstone-crew-*/manifest.json" for folder in ("", "flowstone-ray-*/", "dask-scratch-space/*/"))
    found = [path for place in places for path in Path(tempfile.gettempdir()).glob(place)]
    return [path for path in found if path.read_text() == made.manifest.read_text()]


@pytest.fixture(scope="module", params=[dask, ray])
def cluster(request):
    with request.param() as cluster:
        yield cluster


def test_it_means_what_worker_processes_mean(make_project, cluster, is_alive):
    made = make_project(MIXED, managers={"ram": "memory"})
    heard = run(made, cluster.executor, cluster)
    statuses = {step: result.status for step, result in heard.results.items()}
    assert statuses.pop("whole") == statuses.pop("second_time") == statuses.pop("kept") == "materialized"
    assert statuses.pop("both") == "materialized"
    assert made.value("both") == "Failure"
    assert set(statuses) == {"bad", "crash", "endless"}
    assert set(statuses.values()) == {"failed"}
    assert cluster.is_worker(made.value("whole"), (made.root / "parent").read_text())
    assert heard.skips == {"after": "bad"}
    failures = {step: heard.results[step].failure for step in statuses}
    assert failures["bad"].message == "a bad day"
    assert failures["bad"].output == "from bad\n"
    assert "exit code 3" in failures["crash"].message
    assert failures["endless"].kind == "AssetTimeoutError"
    assert not is_alive(int(made.lines()[0]))
    assert heard.summary.retries == 1
    assert any("from whole" in path.read_text() for path in (made.root / "logs").glob(f"{cluster.executor}-*.log"))
    assert heard.notes == ["kept: run in this process, since values are kept in memory"]


def test_a_crew_that_cannot_begin_is_told_and_nothing_is_left_open(make_project, cluster, monkeypatch):
    """As where the workers have another release of FlowStone."""
    closed, close = [], Client.close
    monkeypatch.setattr(Client, "close", lambda client, **more: closed.append(client) or close(client, **more))
    made = make_project(PLAIN)
    manifest = made.root / "newer.json"
    manifest.write_text('{"schema": 1000000}')
    if cluster.executor == "dask":
        with pytest.raises(ConfigurationError, match=r"manifest\.json is not a manifest"):
            run(made, "dask", cluster, manifest=manifest)
        assert closed
        assert {client.status for client in closed} == {"closed"}
        return
    failure = run(made, "ray", cluster, manifest=manifest).results["a"].failure
    assert failure.message.startswith("the worker of the Ray cluster cannot carry out orders: ")
    assert "is not a manifest" in failure.message


AROUND = """
def marked(mark):
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes():
                yield int(path.parent.name)
        except OSError:
            pass
@asset
def around(beside: int) -> tuple[list[int], list[str]]:
    pids = list(marked(Path(f"/proc/{os.getppid()}/environ").read_bytes().partition(b"FLOWSTONE_WORKER=")[2][:32]))
    sockets = set()
    for pid in pids:
        for path in Path(f"/proc/{pid}/fd").iterdir():
            if path.is_symlink():
                sockets.add(os.readlink(path))
    lines = [line.split() for table in ("tcp", "tcp6") for line in open(f"/proc/net/{table}")]
    return pids, [line[1].partition(":")[0] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]
"""


@pytest.mark.parametrize("executor", ["dask", "ray"])
def test_a_worker_of_the_cluster_that_dies_is_a_failure_of_what_it_ran(make_project, is_alive, executor):
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
        + (AROUND if executor == "ray" else "")
    )
    made = make_project(text)
    heard = run(made, executor)
    told = heard.results["deadly"].failure.message
    assert told == f"the worker of the {executor.capitalize()} cluster that ran the asset has ended"
    assert heard.results["later"].status == "materialized"
    assert made.lines() == ["deadly"]
    assert left_of(made) == []
    if executor == "ray":
        pids, addresses = made.value("around")
        assert {"0100007F", "0000000000000000FFFF00000100007F"} >= set(addresses) != set()
        assert len(pids) > 3
        assert not any(map(is_alive, pids))


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
        run(made, cluster.executor, cluster, interrupts)
    assert not any(map(is_alive, map(int, made.lines())))
    assert left_of(made) == []


def test_a_scheduler_that_does_not_answer_is_told(make_project, monkeypatch):
    monkeypatch.setattr("flowstone.runner.dask_pool._PATIENCE", 0.2)
    with pytest.raises(ConfigurationError, match="no Dask scheduler answers at tcp://"):
        run(make_project(PLAIN), "dask", Cluster("dask", "tcp://127.0.0.1:1", bool))


def test_a_cluster_of_ray_that_does_not_answer_is_told(make_project):
    nowhere = Cluster(
        "ray", "127.0.0.1:1", bool, {"RAY_gcs_rpc_server_connect_timeout_s": "1", "RAY_AUTH_MODE": "disabled"}
    )
    with pytest.raises(ConfigurationError, match=r"no Ray cluster answers at 127\.0\.0\.1:1: "):
        run(make_project(PLAIN), "ray", nowhere)


def test_a_folder_with_a_long_path_leaves_room_for_the_sockets_of_ray(make_project, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("flowstone.runner.ray_pool.KeptProcess", Silent)
    with pytest.raises(ConfigurationError, match="no Ray cluster can be started here: it does not answer"):
        run(make_project(PLAIN), "ray")
    assert len(Silent.folder) < 30
    assert not Path(Silent.folder).exists()


class Silent:
    """A process that never answers."""

    folder = ""

    def __init__(self, *_):
        pass

    def write(self, message):
        type(self).folder = message["folder"]

    def answer(self, timeout):
        raise queue.Empty

    def end(self, grace):
        pass


@pytest.mark.parametrize(("executor", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_without_the_package_it_says_what_to_install(make_project, monkeypatch, executor, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError) as caught:
        run(make_project(PLAIN), executor)
    assert caught.value.help == f"pip install 'flowstone[{executor}]'"
