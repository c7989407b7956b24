"""Steps that run in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from flowstone.errors import AssetTimeoutError, StepFailedError
from flowstone.runtime.isolate import materialize_isolated
from flowstone.runtime.run import Run


def isolated(made, step, timeout=60.0, config=None, partition=None):
    return materialize_isolated(made.manifest, step, partition, Run("run", "prefect", 2), timeout, config or {}, {})


@pytest.fixture(autouse=True)
def _project_root(monkeypatch, tmp_path):
    monkeypatch.setenv("FLOWSTONE_PROJECT_ROOT", str(tmp_path))


def test_the_outcome_is_that_of_the_step_and_what_it_prints_is_no_matter(make_project):
    made = make_project(
        """
@asset
def number(ctx: Context, plus: int = 0) -> int:
    print('{"status": "not this"}')
    ctx.add_metadata({"attempt": ctx.attempt})
    return 1 + plus
"""
    )
    outcome = isolated(made, "number", config={"plus": 4})
    assert outcome.status == "materialized"
    assert outcome.records[0].metadata["user"] == {"attempt": 2}
    assert made.value("number") == 5
    assert isolated(made, "number", config={"plus": 4}).status == "reused"


def test_time_is_up_for_the_function_and_all_that_it_started(make_project, is_alive):
    made = make_project(
        """
import os, signal, subprocess, sys, time

@asset
def stuck() -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    (HERE / "log").write_text(f"{os.getpid()}\\n{other.pid}\\n")
    time.sleep(300)
    return 1
"""
    )
    with pytest.raises(AssetTimeoutError, match=r"stuck ran longer than its timeout of 0\.5 s"):
        isolated(made, "stuck", timeout=0.5)
    assert not any(is_alive(int(pid)) for pid in made.lines())
    assert made.value("stuck") is None


def test_time_is_up_for_a_function_that_closes_the_way_to_its_parent(make_project):
    made = make_project(
        """
import os, time

@asset
def daemon() -> int:
    os.closerange(3, 256)
    time.sleep(300)
    return 1
"""
    )
    with pytest.raises(AssetTimeoutError):
        isolated(made, "daemon", timeout=0.5)


@pytest.mark.parametrize(
    ("step", "message", "retryable"),
    [
        ("covered", "OSError: not yet", True),
        ("other", "ValueError: never", False),
        ("leaves", "the process that ran leaves ended with exit code 3", True),
        ("killed", "the process that ran killed was killed by SIGKILL", True),
        ("signalled", "the process that ran signalled was killed by signal 40", True),
        ("exits", "SystemExit: 5", False),
    ],
)
def test_failures_are_told_with_whether_to_try_again(make_project, step, message, retryable):
    made = make_project(
        """
import os, signal, sys
policy = Retry(2, on=[OSError])

@asset(retries=policy)
def covered() -> int:
    raise OSError("not yet")

@asset(retries=policy)
def other() -> int:
    raise ValueError("never")

@asset(retries=policy)
def leaves() -> int:
    os._exit(3)

@asset(retries=policy)
def killed() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 1

@asset(retries=policy)
def signalled() -> int:
    os.kill(os.getpid(), 40)
    return 1

@asset(retries=policy)
def exits() -> int:
    sys.exit(5)
"""
    )
    with pytest.raises(StepFailedError) as caught:
        isolated(made, step)
    assert str(caught.value) == message
    assert caught.value.retryable is retryable


def test_what_the_function_prints_is_not_lost(make_project, capfd):
    made = make_project(
        """
import threading, time

@asset
def talks() -> int:
    threading.Thread(target=time.sleep, args=(300,)).start()
    print("hello")
    return 1
"""
    )
    assert isolated(made, "talks").status == "materialized"
    assert "hello" in capfd.readouterr().out


def test_modules_are_found_where_the_caller_finds_them(make_project, tmp_path, monkeypatch):
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "only_on_the_callers_path.py").write_text("NUMBER = 7\n")
    monkeypatch.syspath_prepend(tmp_path / "plugins")
    made = make_project(
        """
@asset
def seven() -> int:
    import only_on_the_callers_path
    return only_on_the_callers_path.NUMBER
"""
    )
    isolated(made, "seven")
    assert made.value("seven") == 7


def test_a_failure_keeps_its_help(make_project):
    made = make_project(
        "@asset\ndef first() -> int:\n    return 1\n@asset\ndef second(first: int) -> int:\n    return 1\n"
    )
    with pytest.raises(StepFailedError, match="first is not materialized") as caught:
        isolated(made, "second")
    assert caught.value.help == "make it first: flowstone run first"


def test_what_is_left_running_after_success_is_ended(make_project, is_alive):
    made = make_project(
        """
import subprocess, sys

@asset
def careless() -> int:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    (HERE / "log").write_text(f"{other.pid}\\n")
    return 1
"""
    )
    assert isolated(made, "careless").status == "materialized"
    assert not is_alive(int(made.lines()[0]))


def test_it_ends_with_the_process_that_started_it(make_project, tmp_path, is_alive):
    made = make_project(
        """
import os, time

@asset
def stuck() -> int:
    (HERE / "log").write_text(f"{os.getpid()}\\n")
    time.sleep(300)
    return 1
"""
    )
    script = (
        "import sys; from pathlib import Path; from flowstone.runtime.isolate import materialize_isolated as m;"
        "from flowstone.runtime.run import Run; run = Run('run', 'prefect');"
        "m(Path(sys.argv[1]), 'stuck', None, run, 200.0, {}, {})"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(made.manifest)], env=dict(os.environ))
    end = time.monotonic() + 60
    while not made.lines() and time.monotonic() < end:
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    pid = int(made.lines()[0])
    assert not is_alive(pid)
