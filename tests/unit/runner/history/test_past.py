"""What is usual is read from the history."""

from __future__ import annotations

import pytest

from flowstone.runner.forecast import Expectation, Forecast
from flowstone.runner.history.history import Beginning, History
from flowstone.runner.history.past import SAMPLES, Past
from flowstone.runner.plan import Plan, Task
from flowstone.runner.result import Result


@pytest.fixture
def history(tmp_path):
    with History(tmp_path) as history:
        yield history


@pytest.fixture
def ran(history):
    """Writes a run down: seconds by step, and how long it took itself."""

    def ran(name, times, *, seconds=None, steps=("a", "b"), profile=None, status="done", made="materialized"):
        tasks = tuple(Task(step, None, ()) for step in times)
        planned = Forecast(Plan(tasks), tuple(Expectation(task, "run") for task in tasks))
        journal = history.begin(Beginning(name, "flowstone run", {"steps": list(steps)}, profile), planned)
        for place, elapsed in enumerate(times.values()):
            journal.starting(place, 1)
            journal.ended(place, 1, Result(made, elapsed), final=True)
        journal.end(status)
        if seconds is not None:
            start = "2024-01-01T00:00:00.000+00:00"
            end = f"2024-01-01T00:00:{seconds:06.3f}+00:00"
            history.write([("UPDATE runs SET started_at = ?, ended_at = ? WHERE id = ?", [(start, end, name)])])

    return ran


def past(history, run_id="now", profile=None, steps=("a", "b")):
    return Past(history, run_id, profile, steps)


def test_two_times_are_not_enough(history, ran):
    ran("r1", {"a": 1.0})
    ran("r2", {"a": 2.0})
    assert past(history).of_step("a") is None
    ran("r3", {"a": 6.0})
    assert past(history).of_step("a") == 2.0


def test_the_last_times_count(history, ran):
    for number in range(5):
        ran(f"old{number}", {"a": 100.0})
    for number in range(SAMPLES):
        ran(f"new{number}", {"a": 1.0})
    assert past(history).of_step("a") == 1.0


def test_failures_other_profiles_and_the_run_itself_do_not_count(history, ran):
    for number in range(3):
        ran(f"r{number}", {"a": 2.0})
        ran(f"failed{number}", {"a": 50.0}, made="reused")
        ran(f"other{number}", {"a": 50.0}, profile="prod")
    ran("now", {"a": 50.0})
    assert past(history).of_step("a") == 2.0
    assert past(history, profile="prod").of_step("a") == 50.0


def test_runs_of_the_same_assets_with_as_much_to_make(history, ran):
    for number, seconds in enumerate((10, 20, 30)):
        ran(f"r{number}", {"a": 1.0, "b": 1.0}, seconds=seconds)
        ran(f"fewer{number}", {"a": 1.0}, seconds=1)
        ran(f"failed{number}", {"a": 1.0, "b": 1.0}, seconds=1, status="failed")
        ran(f"others{number}", {"a": 1.0, "c": 1.0}, seconds=1, steps=("a", "c"))
    ran("now", {"a": 1.0, "b": 1.0}, status="interrupted")
    assert past(history).of_run() == 20.0
    assert past(history, profile="prod").of_run() is None


def test_the_means_of_all_steps_need_few_times(history, ran):
    for number in range(SAMPLES):
        ran(f"old{number}", {"a": 100.0, "c": 100.0})
    ran("r1", {"a": 1.0, "b": 4.0})
    for number in range(SAMPLES - 2):
        ran(f"other{number}", {"d": 7.0}, made="reused")
    ran("r2", {"a": 2.0})
    ran("prod", {"a": 50.0}, profile="prod")
    ran("now", {"a": 50.0})
    assert past(history).of_steps() == {"a": 1.5, "b": 4.0}
