import subprocess
import sys

import pytest

from flowstone.errors import RunConflictError, StateError
from flowstone.runner.forecast import Expectation, Forecast
from flowstone.runner.history.alive import is_alive, living
from flowstone.runner.history.entries import entries, find, made, places
from flowstone.runner.history.history import KEPT_RUNS, Beginning, History
from flowstone.runner.plan import Plan, Task
from flowstone.runner.result import Failure, Result

HOLDER = """
import sys
from pathlib import Path
from flowstone.runner.history.alive import living
from flowstone.runner.history.history import History, Beginning
from flowstone.runner.forecast import Expectation, Forecast
from flowstone.runner.plan import Plan, Task
home, run_id, *steps = sys.argv[1:]
tasks = tuple(Task(step, None, ()) for step in steps)
with History(Path(home)) as history, living(history.locks, run_id):
    planned = Forecast(Plan(tasks), tuple(Expectation(task, "run") for task in tasks))
    journal = history.begin(Beginning(run_id, "flowstone run", {}, None), planned)
    journal.starting(0, 1)
    print("ready", flush=True)
    sys.stdin.read()
"""
MADE = Result("materialized", 0.5, rows=3, size=10)
FAILED = Result("failed", 0.5, failure=Failure("ValueError", "bad"))


def planned(*steps, reused=()):
    tasks = [Task(step, None, ()) for step in (*steps, *reused)]
    actions = ["run"] * len(steps) + ["reuse"] * len(reused)
    return Forecast(Plan(tuple(tasks)), tuple(map(Expectation, tasks, actions)))


def beginning(run_id, **more):
    return Beginning(run_id, "flowstone run", {"steps": []}, more.pop("profile", None), **more)


@pytest.fixture
def history(tmp_path):
    with History(tmp_path) as history:
        yield history


@pytest.fixture
def hold(tmp_path):
    """Begins a run in another process, which lives until it is killed."""
    processes = []

    def hold(run_id, *steps):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(tmp_path), run_id, *steps],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        processes.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process

    yield hold
    for process in processes:
        process.kill()
        process.communicate()


def test_a_run_with_its_tasks_and_attempts(history):
    journal = history.begin(beginning("r1"), planned("a", "b", "c", reused=("d", "e")))
    journal.starting(0, 1)
    journal.ended(0, 1, MADE, final=True)
    journal.starting(1, 1)
    journal.ended(1, 1, FAILED, final=False)
    journal.starting(1, 2)
    journal.ended(1, 2, FAILED, final=True)
    journal.skipped([2])
    journal.end("failed")
    (entry,) = entries(history)
    assert (entry.id, entry.status) == ("r1", "failed")
    assert entry.counts == {"materialized": 1, "reused": 2, "failed": 1, "skipped": 1}
    assert places(history, entry, ("failed", "skipped")) == [("b", None), ("c", None)]
    attempts = history.rows("SELECT place, number, status FROM all_attempts ORDER BY place, number")
    assert attempts == [(0, 1, "materialized"), (1, 1, "failed"), (1, 2, "failed")]


def test_a_run_whose_process_is_gone_was_interrupted(history, hold):
    process = hold("r1", "a", "b")
    assert find(history, "last").status == "running"
    process.kill()
    process.wait()
    entry = find(history, "last")
    assert (entry.status, entry.counts) == ("interrupted", {"interrupted": 1, "waiting": 1})
    history.begin(beginning("r2"), planned("a"))
    assert history.rows("SELECT status FROM runs WHERE id = 'r1'") == [("interrupted",)]
    assert history.rows("SELECT status FROM all_attempts") == [("interrupted",)]
    assert not list(history.locks.iterdir())


def test_a_run_that_would_make_the_same_is_refused_by_name(history, hold):
    process = hold("r1", "a", "b")
    for step in ("a", "b"):  # one has begun, the other has not
        with pytest.raises(
            RunConflictError, match=rf"run r1 \(process {process.pid}: flowstone run\) is making {step}"
        ) as caught:
            history.begin(beginning("r2"), planned(step, "c"))
    assert f"kill {process.pid}" in caught.value.help
    assert [entry.id for entry in entries(history)] == ["r1"]


def test_runs_of_other_assets_other_profiles_or_of_what_is_stored_go_on_side_by_side(history, hold):
    hold("r1", "a", "b")
    history.begin(beginning("r2"), planned("c", reused=("a",)))
    history.begin(beginning("r3", profile="prod"), planned("a"))
    assert len(entries(history)) == 3


def test_what_has_ended_in_a_run_that_goes_on_is_free(history, hold):
    hold("r1", "a", "b")
    history.rows("UPDATE tasks SET status = 'materialized' WHERE step = 'a'")
    history.begin(beginning("r2"), planned("a"))
    with pytest.raises(RunConflictError):
        history.begin(beginning("r3"), planned("b"))


def test_the_lock_of_a_run_is_not_kept_by_children(tmp_path):
    text = """
import subprocess, sys, os
from pathlib import Path
from flowstone.runner.history.alive import living
with living(Path(sys.argv[1]), "r"):
    if os.fork() == 0:
        os.close(1)
        sys.stdin.read()
        os._exit(0)
    print("ready", flush=True)
    sys.stdin.readline()
    os._exit(1)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", text, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"ready\n"
    assert is_alive(tmp_path, "r")
    process.kill()
    process.wait()
    assert not is_alive(tmp_path, "r")
    process.stdin.close()
    process.stdout.close()


def test_a_run_is_found_by_the_beginning_of_its_id(history):
    for run_id in ("2024-a1", "2024-b1", "2024-b1x"):
        history.begin(beginning(run_id), planned("a")).end("done")
    assert find(history, "2024-a").id == "2024-a1"
    assert find(history, "2024-b1").id == "2024-b1"
    assert find(history, "last").id == "2024-b1x"
    with pytest.raises(StateError, match="several runs"):
        find(history, "2024")
    with pytest.raises(StateError, match="there is no run"):
        find(history, "%")


def test_what_was_made_by_all_runs_that_go_on_with_each_other(history):
    first = history.begin(beginning("r1"), planned("a", "b"))
    first.ended(0, 0, MADE, final=True)
    first.end("interrupted")
    second = history.begin(beginning("r2", resumes="r1"), planned("b"))
    second.ended(0, 0, MADE, final=True)
    second.flush()
    assert made(history, find(history, "r2")) == {("a", None), ("b", None)}


def test_old_runs_are_forgotten_with_all_that_belongs_to_them(history):
    for number in range(KEPT_RUNS + 3):
        journal = history.begin(beginning(f"r{number}"), planned("a"))
        journal.starting(0, 1)
        journal.end("done")
    assert len(entries(history)) == KEPT_RUNS
    assert history.rows("SELECT count(*) FROM all_attempts") == [(KEPT_RUNS,)]


def test_a_full_disk_is_told_and_what_was_written_stays(history):
    history.begin(beginning("r1"), planned("a")).end("done")
    (pages,) = history.rows("PRAGMA page_count")[0]
    history.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StateError, match="database or disk is full") as caught:
        history.begin(beginning("r2"), planned(*(f"asset_{number}" for number in range(2000))))
    assert "make room" in caught.value.help
    assert [entry.id for entry in entries(history)] == ["r1"]
    assert history.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_lock_of_this_process_goes_with_the_block(tmp_path):
    with living(tmp_path, "r"):
        assert (tmp_path / "r.lock").exists()
    assert not (tmp_path / "r.lock").exists()
    assert not is_alive(tmp_path, "r")


def test_what_has_ended_is_kept_before_anything_else_begins(history, tmp_path):
    journal = history.begin(beginning("r1"), planned("a", "b"))
    journal.starting(0, 1)
    journal.ended(0, 1, MADE, final=True)
    journal.starting(1, 1)
    with History(tmp_path) as other:
        assert other.rows("SELECT status FROM tasks ORDER BY place") == [("materialized",), ("running",)]
        assert other.rows("SELECT number FROM all_attempts") == [(1,), (1,)]


def test_what_waits_for_another_attempt_has_not_begun(history, tmp_path):
    journal = history.begin(beginning("r1"), planned("a"))
    journal.starting(0, 1)
    journal.ended(0, 1, FAILED, final=False)
    journal.flush()
    with History(tmp_path) as other:
        assert other.rows("SELECT status FROM tasks") == [("waiting",)]
        assert other.rows("SELECT number, status, elapsed FROM all_attempts") == [(1, "failed", 0.5)]


def test_of_what_does_not_last_the_tasks_are_written_with_what_they_came_to(history):
    journal = history.begin(beginning("r1"), planned("a", "b", "c"), lasting=False)
    assert history.rows("SELECT * FROM tasks") == []
    journal.starting(0, 1, keep=False)
    journal.ended(0, 1, MADE, final=True)
    journal.starting(1, 1, keep=False)
    journal.flush()
    assert history.rows("SELECT step, status, attempt, elapsed, rows, size FROM tasks ORDER BY place") == [
        ("a", "materialized", 1, 0.5, 3, 10),
        ("b", "running", 1, None, None, None),
        ("c", "waiting", None, None, None, None),
    ]
    journal.end("interrupted")
    assert entries(history)[0].counts == {"materialized": 1, "interrupted": 1, "waiting": 1}
