"""Limits on how many functions run at once."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from flowstone.errors import ConfigurationError
from flowstone.runner.execute import Options, execute
from flowstone.runner.forecast import forecast
from flowstone.runner.limits import Limits
from flowstone.runner.plan import plan
from flowstone.runner.progress import Reporter
from flowstone.runner.slots import Slots

CROWD = """
import os, time
from flowstone import Retry

def crowd(limit):
    number = os.open(HERE / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(number, b"in\\n")
    time.sleep(0.05)
    os.write(number, b"out\\n")
    os.close(number)
    return limit

for name in ("a", "b", "c", "d", "e"):
    @asset(name=name, concurrency="db")
    def one() -> int:
        return crowd(1)

@asset
def beside() -> int:
    return 1
"""

MEET = """\
    last = time.monotonic() + 60
    while (HERE / "log").read_text().count("in") < 2 and time.monotonic() < last:
        time.sleep(0.005)
    time.sleep(0.05)
"""
"""The first one waits for a second, however busy the machine is."""

TAKE = """
import sys
from pathlib import Path
from flowstone.runner.slots import Slots
print(Slots({"db": 2}, Path(sys.argv[1]), None).take("db"), flush=True)
sys.stdin.read()
"""


class Heard(Reporter):
    def __init__(self):
        self.notes, self.ended = [], []

    def note(self, text):
        self.notes.append(text)

    def finished(self, task, result):
        self.ended.append((task.step, result.status))


def most_at_once(lines):
    now = most = 0
    for line in lines:
        now += 1 if line == "in" else -1
        most = max(most, now)
    return most


def run(made, executor="thread", slots=None, workers=4):
    heard = Heard()
    options = Options("run", executor, workers, manifest=made.manifest, logs=made.root / "logs", slots=slots)
    planned = forecast(made.workspace, plan(made.project, list(made.project.steps), ()))
    heard.summary = execute(planned, made.workspace, options, heard)
    return heard


@pytest.fixture
def crowd(make_project):
    return make_project(CROWD.replace("    time.sleep(0.05)\n", MEET), concurrency={"db": 2})


@pytest.mark.parametrize("executor", ["thread", "process"])
def test_no_more_run_at_once_than_the_limit_says(crowd, executor, tmp_path):
    heard = run(crowd, executor, tmp_path / "slots")
    assert heard.summary.total("materialized") == 6
    assert most_at_once(crowd.lines("log")) == 2
    assert heard.notes == []


def test_what_has_no_limit_does_not_wait_for_it(make_project):
    made = make_project(CROWD, concurrency={"db": 1})
    assert ("beside", "materialized") in run(made).ended[:2]


def test_what_is_up_to_date_needs_no_slot(crowd, tmp_path):
    run(crowd, slots=tmp_path)
    others = Slots({"db": 2}, tmp_path, None)
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as p:
        assert p.stdout.readline() == b"True\n"
        assert others.take("db")
        assert run(crowd, slots=tmp_path).summary.total("reused") == 6
    others.close()


def test_a_failed_attempt_gives_its_slot_back(make_project):
    text = """
@asset(concurrency="db", retries=2)
def broken() -> int:
    raise ValueError("no")
@asset(concurrency="db")
def whole() -> int:
    return 1
"""
    made = make_project(text, concurrency={"db": 1})
    heard = run(made)
    assert heard.summary.retries == 2
    assert sorted(heard.ended) == [("broken", "failed"), ("whole", "materialized")]


def test_a_run_waits_for_another_process_and_takes_over_what_it_leaves(make_project, tmp_path):
    made = make_project(CROWD, concurrency={"db": 1})
    command = [sys.executable, "-c", TAKE.replace('"db": 2', '"db": 1'), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"True\n"
        waiting = threading.Event()

        class Told(Heard):
            def note(self, text):
                super().note(text)
                waiting.set()

        heard = Told()
        options = Options("run", "thread", 2, manifest=made.manifest, logs=made.root / "logs", slots=tmp_path)
        planned = forecast(made.workspace, plan(made.project, list(made.project.steps), ()))
        thread = threading.Thread(target=execute, args=(planned, made.workspace, options, heard))
        thread.start()
        assert waiting.wait(20)
        assert made.lines("log") == []
        other.kill()
        thread.join(20)
    assert heard.notes == ["waiting for another run, which makes use of the limit db (1)"]
    assert len(made.lines("log")) == 10


def test_slots_of_profiles_are_apart(tmp_path):
    command = [sys.executable, "-c", TAKE.replace('"db": 2', '"db": 1'), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"True\n"
        assert not Slots({"db": 1}, tmp_path, None).take("db")
        assert Slots({"db": 1}, tmp_path, "prod").take("db")


def test_slots_without_a_folder_are_counted():
    slots = Slots({"db": 2}, None, None)
    assert [slots.take("db") for _ in range(3)] == [True, True, False]
    slots.give("db")
    assert slots.take("db")


def test_a_limit_that_there_is_not_is_told(make_project):
    made = make_project(CROWD, concurrency={"db": 1})
    project = made.project.model_copy(update={"concurrency": {}})
    with pytest.raises(ConfigurationError, match="no limit 'db'"):
        Limits(project, plan(made.project, ["a"], ()), None, print)


def test_what_may_have_to_run_is_limited_too(make_project):
    text = """
@asset(concurrency="db")
def {name}() -> int:
    return {value}
@asset(concurrency="db")
def user({name}: int) -> int:
    return {name}
"""
    made = make_project(text.format(name="first", value=1), concurrency={"db": 1})
    run(made)
    made = make_project(text.format(name="first", value=2), concurrency={"db": 1}, like=made)
    assert run(made).ended == [("first", "materialized"), ("user", "materialized")]
