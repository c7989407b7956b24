"""``flowstone dev`` as a process: what it starts, what it tells, and what is left when it ends in whatever way."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PIPELINE = """
import os
import time
from pathlib import Path

from flowstone import Every, Job, OnUpdate, RunRequest, SensorResult, asset, sensor

HERE = Path(__file__).parent


def log(text):
    descriptor = os.open(HERE / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{text}\\n".encode())
    os.close(descriptor)


@asset
def orders(file: str = "") -> str:
    log(f"orders {file}")
    return file


@asset
def report(orders: str) -> str:
    return orders.upper()


load = Job("load", select="orders")
publish = Job("publish", select="report", schedule=OnUpdate("orders"))


@sensor(job="load", every="1h")
def files(cursor: str | None) -> SensorResult:
    names = [name for name in ("a", "b") if name > (cursor or "")]
    requests = [RunRequest(name, config={"orders.file": name}) for name in names]
    return SensorResult(requests, cursor=max(names, default=None))
"""
STUBBORN = """
    log(os.getpid())
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
"""
CONFIG = 'name = "shop"\nsources = ["pipelines"]\n[run]\nexecutor = "inline"\n'


class Dev:
    """The command, and the events that it tells."""

    def __init__(self, root: Path, *options: str) -> None:
        command = [sys.executable, "-m", "flowstone", "dev", "-C", str(root), "--output-format", "jsonl", *options]
        self.environment = {name: text for name, text in os.environ.items() if name != "FLOWSTONE_SOAK"}
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def until(self, event: str, **wanted) -> dict:
        """The next such event; what comes before is passed over."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = json.loads(line)
            if found["event"] == event and all(found.get(key) == value for key, value in wanted.items()):
                return found
        raise AssertionError(f"no {event}: {self.process.stderr.read() if self.process.stderr else ''}")

    def end(self, number: int = signal.SIGINT) -> int:
        """The exit code after a signal."""
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode


def write(root: Path) -> None:
    """The project of these tests."""
    (root / "pipelines").mkdir()
    (root / "pipelines/shop.py").write_text(PIPELINE)
    (root / "flowstone.toml").write_text(CONFIG)


@pytest.fixture
def start(tmp_path):
    write(tmp_path)
    started = []

    def start(*options: str) -> Dev:
        started.append(Dev(tmp_path, *options))
        return started[-1]

    yield start
    for dev in started:
        dev.process.kill()
        dev.process.communicate()


def lines(root: Path) -> list[str]:
    path = root / "pipelines/log"
    return path.read_text().splitlines() if path.exists() else []


def test_a_sensor_starts_runs_what_follows_runs_and_files_are_watched(start, tmp_path):
    dev = start()
    dev.until("ready")
    assert dev.until("asks", key="a")["sensor"] == "files"
    dev.until("ended", job="load", status="done")
    dev.until("ended", job="publish", status="done")
    command = [sys.executable, "-m", "flowstone", "dev", "-C", str(tmp_path)]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert f"flowstone dev runs already for this project (process {dev.process.pid})" in second.stderr
    file = tmp_path / "pipelines/shop.py"
    file.write_text(PIPELINE.replace('job="load"', 'job="laod"'))
    dev.until("kept")
    file.write_text(PIPELINE + "\n\nweekly = Job('weekly', select='orders', schedule=Every('7d'))\n")
    assert dev.until("taken")["jobs"] == ["load", "publish", "weekly"]
    assert dev.end() == 130
    assert sorted(lines(tmp_path)) == ["orders a", "orders b"]


@pytest.mark.parametrize("change", ['write_text("half a fi")', "unlink()"])
def test_a_request_whose_run_finds_a_file_that_is_being_written_is_not_lost(start, tmp_path, change):
    file = tmp_path / "pipelines/shop.py"
    text = PIPELINE.replace("    return file\n", "    Path(__file__)." + change + "\n    return file\n")
    file.write_text(text)
    dev = start("--no-watch")
    dev.until("ended", job="load", status="done")
    dev.until("waits", job="load")
    assert dev.end() == 130
    file.write_text(PIPELINE)
    start("--no-watch").until("ended", job="load", status="done")
    assert lines(tmp_path) == ["orders a", "orders b"]


GATE = """

@asset(signal_gate=SignalGate(timeout="1h"))
def answer(orders: str) -> Signal:
    return Signal(token="question")


@answer.on_signal
def answered(payload: str) -> str:
    return payload


@asset
def letter(answer: str) -> str:
    return answer


asking = Job("asking", select="answer", schedule=OnUpdate("report"))
telling = Job("telling", select="letter")
"""


def test_a_run_that_waits_for_a_signal_goes_on_when_it_has_come_also_in_another_process(start, tmp_path):
    text = PIPELINE.replace("SensorResult, asset", "SensorResult, Signal, SignalGate, asset").replace(
        '("a", "b")', '("a",)'
    )
    (tmp_path / "pipelines/shop.py").write_text(text + GATE)
    dev = start("--no-watch")
    dev.until("unanswered", job="asking")
    assert dev.end() == 130
    dev = start("--no-watch")
    dev.until("unanswered", job="asking")
    dev.end()
    command = [sys.executable, "-m", "flowstone", "signal", "-C", str(tmp_path), "question", "--payload", '"yes"']
    subprocess.run(command, check=True, capture_output=True)
    dev = start("--no-watch")
    dev.until("answered", job="asking")
    dev.until("ended", job="asking", status="done")
    dev.until("ended", job="telling", status="done")


def test_it_ends_when_its_memory_was_removed(start, tmp_path):
    text = PIPELINE.replace(
        "    return file\n", '    (HERE.parent / ".flowstone/dev.lock").unlink()\n    return file\n'
    )
    (tmp_path / "pipelines/shop.py").write_text(text)
    dev = start("--no-watch")
    _, told = dev.process.communicate(timeout=60)
    assert dev.process.returncode == 2
    assert ".flowstone was removed or replaced while flowstone dev ran" in told


def test_a_look_that_raises_exits_or_hangs_is_told(start, tmp_path):
    file = tmp_path / "pipelines/shop.py"
    body = '    names = [name for name in ("a", "b") if name > (cursor or "")]\n'
    for way, reason in [
        ('raise OSError("gone")', "OSError: gone"),
        ("os._exit(0)", "its process ended with exit code 0"),
        ("time.sleep(60)", "took longer than 2 s and was stopped"),
    ]:
        text = PIPELINE.replace(body, f"    log(os.getpid())\n    {way}\n{body}")
        file.write_text(text.replace('every="1h"', 'every="1h", timeout="2s"' if "sleep" in way else 'every="1h"'))
        dev = start("--no-watch")
        assert reason in dev.until("sensor failed")["reason"]
        assert dev.end(signal.SIGTERM) == 143


def test_a_second_interruption_ends_what_runs_at_once(start, tmp_path, is_alive):
    body = '    log(f"orders {file}")\n'
    (tmp_path / "pipelines/shop.py").write_text(PIPELINE.replace(body, STUBBORN))
    dev = start("--no-watch")
    dev.until("output")
    dev.process.send_signal(signal.SIGINT)
    dev.until("stopping")
    assert dev.end() == 130
    assert not [pid for pid in lines(tmp_path) if is_alive(int(pid))]


def test_what_would_be_started_is_shown(start, tmp_path):
    command = [sys.executable, "-m", "flowstone", "dev", "-C", str(tmp_path), "--dry-run", "load", "publish"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert shown == ["load     by the sensor files, which looks every 3600 seconds", "publish  after orders"]
    wrong = subprocess.run([*command[:-1], "laod"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, "did you mean 'load'?" in wrong.stderr) == (2, True)
