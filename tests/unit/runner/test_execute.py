import os
import signal
import threading

import pytest

from flowstone.errors import ConfigurationError
from flowstone.runner.execute import Options, execute
from flowstone.runner.forecast import forecast
from flowstone.runner.plan import plan
from flowstone.runner.progress import Reporter

LOG = """
import os, signal, subprocess, sys, time
def log(text):
    number = os.open(HERE / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(number, f"{text}\\n".encode())
    os.close(number)
"""

FAULTS = (
    LOG
    + """
@asset
def good() -> int:
    return 1
@asset
def bad(good: int) -> int:
    raise ValueError("a bad day")
@asset
def after(bad: int) -> int:
    return 1
@asset
def after_after(after: int) -> int:
    return 1
@asset
def other(good: int) -> int:
    return good + 1
"""
)


class Heard(Reporter):
    """Keeps what it is told."""

    def __init__(self):
        self.notes, self.results, self.skips, self.retries = [], {}, {}, []

    def note(self, text):
        self.notes.append(text)

    def finished(self, task, result):
        self.results[task.step, task.partition] = result

    def retrying(self, task, result, attempt, wait):
        self.retries.append((task.step, attempt, wait))

    def skipped(self, task, cause):
        self.skips[task.step] = cause.step


def run(made, executor="inline", keys=(), steps=None, **more):
    heard = Heard()
    force = more.pop("force", False)
    options = Options("run", executor, more.pop("workers", 2), manifest=made.manifest, logs=made.root / "logs", **more)
    workspace = made.workspace
    planned = forecast(workspace, plan(made.project, steps or list(made.project.steps), keys), force=force)
    heard.summary = execute(planned, workspace, options, heard)
    return heard


@pytest.fixture(params=["inline", "thread", "process"])
def executor(request):
    return request.param


class TestEveryExecutor:
    def test_failures_skip_what_needs_them_and_nothing_else(self, make_project, executor):
        made = make_project(FAULTS)
        heard = run(made, executor)
        assert heard.skips == {"after": "bad", "after_after": "bad"}
        assert made.value("other") == 2
        summary = heard.summary
        assert not summary.ok
        totals = {status: summary.total(status) for status in ("materialized", "reused", "failed", "skipped")}
        assert totals == {"materialized": 2, "reused": 0, "failed": 1, "skipped": 2}

    def test_a_failure_shows_the_users_frames_only(self, make_project, executor):
        made = make_project(FAULTS)
        failure = run(made, executor).results["bad", None].failure
        assert (failure.kind, failure.message) == ("ValueError", "a bad day")
        assert f"{made.module}.py" in failure.traceback
        assert "flowstone/" not in failure.traceback

    def test_what_is_stored_is_reused(self, make_project, executor):
        made = make_project(FAULTS)
        run(made, executor)
        again = run(made, executor)
        assert again.summary.total("reused") == 2
        assert run(made, executor, force=True).summary.total("materialized") == 2

    def test_partitions_run_in_the_order_in_which_they_read_each_other(self, make_project, executor):
        made = make_project("""
@asset(partitioned_by=DailyPartitions("2024-01-01"),
       depends_on=[Dep("total", as_="before", optional=True, partitions=Offset(-1))])
def total(before: int | None) -> int:
    return (before or 0) + 1
""")
        assert run(made, executor, ["2024-01-01..2024-01-09"]).summary.ok
        assert made.value("total", "2024-01-09") == 9

    def test_retries_end_with_success(self, make_project, executor):
        made = make_project("""
@asset(retries=Retry(3, delay=0.01, backoff=2))
def flaky(ctx: Context) -> int:
    if ctx.attempt < 3:
        raise KeyError(ctx.attempt)
    return ctx.attempt
""")
        heard = run(made, executor)
        assert made.value("flaky") == 3
        assert heard.retries == [("flaky", 1, 0.01), ("flaky", 2, 0.02)]
        assert heard.summary.ok

    def test_retries_are_for_the_named_exceptions_and_their_subclasses(self, make_project, executor):
        made = make_project(
            LOG
            + """
class Own(ConnectionError): ...
@asset(retries=Retry(1, on=[OSError]))
def covered(ctx: Context) -> int:
    log(f"covered {ctx.attempt}")
    raise Own
@asset(retries=Retry(1, on=[OSError]))
def not_covered(ctx: Context) -> int:
    log(f"not covered {ctx.attempt}")
    raise ValueError
"""
        )
        run(made, executor)
        assert sorted(made.lines()) == ["covered 1", "covered 2", "not covered 1"]

    def test_a_timeout_kills_the_function_and_what_it_started(self, make_project, executor, is_alive):
        made = make_project(
            LOG
            + """
@asset(timeout=0.5)
def endless() -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    log(subprocess.Popen(["sleep", "1000"]).pid)
    log(os.getpid())
    while True:
        time.sleep(1)
@asset
def other() -> int:
    return 1
"""
        )
        failure = run(made, executor).results["endless", None].failure
        assert failure.kind == "AssetTimeoutError"
        assert "0.5 s" in failure.message
        assert made.value("other") == 1
        assert not any(is_alive(int(pid)) for pid in made.lines())

    def test_sys_exit_is_a_failure_of_the_asset(self, make_project, executor):
        made = make_project(
            "import sys\n@asset\ndef a() -> int:\n    sys.exit('no')\n@asset\ndef b() -> int:\n    return 1\n"
        )
        assert run(made, executor).results["a", None].failure.kind == "SystemExit"
        assert made.value("b") == 1

    @pytest.mark.parametrize(
        ("declared", "raised", "told"),
        [
            ("class Stop(BaseException): ...", "Stop('now')", "now"),
            ("", "GeneratorExit", "GeneratorExit"),
            ("class Mute(Exception):\n    def __str__(self): return self.nothing", "Mute", "<exception str() failed>"),
        ],
        ids=["no Exception", "GeneratorExit", "no text"],
    )
    def test_whatever_is_raised_is_a_failure_of_the_asset(self, make_project, executor, declared, raised, told):
        made = make_project(
            f"{declared}\n@asset\ndef a() -> int:\n    raise {raised}\n@asset\ndef b() -> int:\n    return 1\n"
        )
        failure = run(made, executor).results["a", None].failure
        assert (failure.kind, failure.message) == (raised.partition("(")[0], told)
        assert "raise" in failure.traceback
        assert "materialize.py" not in failure.traceback
        assert made.value("b") == 1

    def test_a_cancelled_coroutine_is_a_failure_of_the_asset(self, make_project, executor):
        made = make_project(
            """
import asyncio

@asset
async def a() -> int:
    task = asyncio.create_task(asyncio.sleep(10))
    task.cancel()
    return await task

@asset
def b() -> int:
    return 1
"""
        )
        failure = run(made, executor).results["a", None].failure
        assert (failure.kind, failure.message) == ("CancelledError", "something that it awaits was cancelled")
        assert made.value("b") == 1

    def test_values_in_memory_stay_in_this_process(self, make_project, executor):
        made = make_project(
            """
import os
@asset
def a() -> int:
    return os.getpid()
@asset
def b(a: int) -> bool:
    return a == os.getpid()
""",
            manager="memory",
        )
        heard = run(made, executor)
        assert heard.summary.ok
        assert ("run in this process" in " ".join(heard.notes)) == (executor == "process")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("os._exit(0)", "exit code 0"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("os.killpg(0, signal.SIGKILL)", "SIGKILL"),
    ],
)
def test_a_crash_is_the_failure_of_one_asset(make_project, how, message):
    made = make_project(
        LOG
        + f"""
@asset
def crash() -> int:
    print("about to crash", flush=True)
    {how}
@asset
def other() -> int:
    return 1
"""
    )
    heard = run(made, "process", workers=1)
    failure = heard.results["crash", None].failure
    assert message in failure.message
    assert "about to crash" in failure.output
    assert made.value("other") == 1


def test_a_timeout_holds_for_a_function_that_closes_the_way_to_the_runner(make_project):
    made = make_project(
        LOG
        + """
@asset(timeout=0.5)
def daemon() -> int:
    os.closerange(3, 256)
    time.sleep(300)
    return 1
"""
    )
    assert run(made, "process", workers=1).results["daemon", None].failure.kind == "AssetTimeoutError"


def test_a_process_that_died_is_worth_a_retry_whatever_the_policy_names(make_project):
    made = make_project(
        LOG
        + """
@asset(retries=Retry(1, on=[OSError]))
def unlucky(ctx: Context) -> int:
    if ctx.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return ctx.attempt
"""
    )
    assert run(made, "process", workers=1).summary.ok
    assert made.value("unlucky") == 2


def test_what_functions_print_goes_to_the_log_of_the_run(make_project, capfd):
    made = make_project(
        """
import os
@asset
def a() -> int:
    print("from python")
    os.system("echo from a child")
    return 1
"""
    )
    run(made, "process", workers=1)
    text = (made.root / "logs" / "worker-1.log").read_text()
    assert "from python" in text
    assert "from a child" in text
    assert capfd.readouterr().out == ""
    assert (made.root / "logs" / "worker-1.log").stat().st_mode & 0o077 == 0


def test_no_process_is_left_after_a_run(make_project, is_alive):
    made = make_project(
        LOG
        + """
@asset
def a() -> int:
    log(subprocess.Popen(["sleep", "1000"]).pid)
    log(os.getpid())
    return 1
"""
    )
    assert run(made, "process").summary.ok
    assert not any(is_alive(int(pid)) for pid in made.lines())


def test_an_interruption_kills_the_workers(make_project, is_alive):
    made = make_project(
        LOG
        + """
@asset
def a() -> int:
    log(os.getpid())
    os.kill(os.getppid(), signal.SIGINT)
    time.sleep(1000)
    return 1
"""
    )
    with pytest.raises(KeyboardInterrupt):
        run(made, "process")
    assert not is_alive(int(made.lines()[0]))


def test_several_run_at_once(make_project):
    """Each waits for the other: one after the other they would never end."""
    made = make_project(
        LOG
        + """
@asset
def left() -> int:
    with open(HERE / "pipe", "w") as pipe:
        pipe.write("x")
    return 1
@asset
def right() -> int:
    with open(HERE / "pipe") as pipe:
        return len(pipe.read())
"""
    )
    os.mkfifo(made.root / "pipe")
    assert run(made, "process", workers=2).summary.ok
    assert made.value("right") == 1


def test_threads_run_at_once(make_project):
    made = make_project(
        "import threading\nMEET = threading.Barrier(2, timeout=30)\n"
        + "".join(f"@asset\ndef a{number}() -> int:\n    MEET.wait()\n    return 1\n" for number in range(2))
    )
    before = threading.active_count()
    assert run(made, "thread", workers=2).summary.ok
    assert threading.active_count() <= before + 2


def test_an_asset_can_ask_for_its_executor(make_project):
    made = make_project("import os\n@asset(local={'executor': 'inline'})\ndef a() -> int:\n    return os.getpid()\n")
    run(made, "process")
    assert made.value("a") == os.getpid()


def test_worker_processes_need_a_manifest(make_project):
    made = make_project("@asset\ndef a() -> int:\n    return 1\n")
    planned = forecast(made.workspace, plan(made.project, ["a"]))
    with pytest.raises(ConfigurationError, match="manifest"):
        execute(planned, made.workspace, Options("run", "process"), Reporter())


def test_a_user_module_that_cannot_be_imported_is_the_users_failure(make_project):
    made = make_project("import not_there\n@asset\ndef a() -> int:\n    return 1\n")
    failure = run(made, "process").results["a", None].failure
    assert failure.kind == "ModuleNotFoundError"
    assert "import not_there" in failure.traceback


def test_blocked_signals_of_the_caller_do_not_matter(make_project):
    made = make_project("@asset\ndef a() -> int:\n    return 1\n")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        assert run(made, "process").summary.ok
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_what_an_asset_moves_to_a_session_of_its_own_does_not_outlive_the_run(make_project, is_alive):
    made = make_project(
        LOG
        + """
@asset
def a() -> int:
    nap = [sys.executable, "-c", "import time; time.sleep(600)"]
    log(subprocess.Popen(nap, start_new_session=True).pid)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            log(os.getpid())
            time.sleep(600)
        os._exit(0)
    os.wait()
    while len((HERE / "log").read_text().splitlines()) < 2:
        time.sleep(0.01)
    return 1
"""
    )
    assert run(made, "process", workers=1).summary.ok
    assert len(made.lines()) == 2
    assert not any(is_alive(int(line)) for line in made.lines())


@pytest.mark.parametrize(
    "misbehaviour",
    [
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
        "[subprocess.Popen(['sleep', '600']) for _ in range(10)]; time.sleep(600)",
        "[print('x' * 1000) for _ in range(50_000)]; time.sleep(600)",
        "os.closerange(3, 100); time.sleep(600)",
    ],
)
def test_an_ill_behaved_asset_fails_alone(make_project, misbehaviour):
    made = make_project(
        LOG
        + f"""
@asset(timeout=5)
def bad() -> int:
    {misbehaviour}
@asset
def good() -> int:
    return 1
"""
    )
    heard = run(made, "process")
    assert heard.results["bad", None].failure.kind == "AssetTimeoutError"
    assert made.value("good") == 1


def test_jitter_lengthens_the_wait_by_a_share_of_it(make_project, monkeypatch):
    made = make_project("""
@asset(retries=Retry(2, delay=0.01, backoff=3, jitter=0.5))
def flaky(ctx: Context) -> int:
    if ctx.attempt < 3:
        raise KeyError
    return 1
""")
    monkeypatch.setattr("flowstone.runner.execute.random.random", lambda: 0.8)
    waits = [wait for _, _, wait in run(made).retries]
    assert waits == pytest.approx([0.01 * 1.4, 0.03 * 1.4])


def test_an_interruption_that_a_function_raises_in_a_worker_is_its_own(make_project):
    made = make_project("@asset\ndef a() -> int:\n    raise KeyboardInterrupt\n@asset\ndef b() -> int:\n    return 1\n")
    failure = run(made, "process").results["a", None].failure
    assert failure.kind == "KeyboardInterrupt"
    assert "worker.py" not in failure.traceback + failure.output
    assert made.value("b") == 1
