"""What takes longer than it usually does is told while it runs, and only that."""

from __future__ import annotations

import pytest

from flowstone.runner import pace as module
from flowstone.runner.pace import Pace, limit
from flowstone.runner.plan import Plan, Task

ORDERS, REPORT = Task("orders", "2024-01-01", ()), Task("report", None, ())


class Clock:
    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


class Times:
    """What is usual, and what was asked for."""

    def __init__(self, run=None, **steps):
        self.run, self.steps, self.asked = run, steps, []

    def of_step(self, step):
        self.asked.append(step)
        return self.steps.get(step)

    def of_run(self):
        return self.run


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def watch(clock):
    def watch(usual):
        told = []
        pace = Pace(Plan((ORDERS, REPORT)), usual, lambda *what: told.append(what))
        return pace, told

    return watch


@pytest.mark.parametrize(("usual", "slow"), [(0.1, 5.1), (5.0, 10.0), (60.0, 120.0)])
def test_slow_is_twice_as_much_and_five_seconds_more(usual, slow):
    assert limit(usual) == slow


def test_a_task_is_told_of_once_and_when_it_is_due(watch, clock):
    pace, told = watch(Times(orders=10.0))
    pace.started(0)
    clock.now += 19.9
    pace.look()
    assert told == []
    clock.now += 0.2
    pace.look()
    clock.now += 50
    pace.look()
    ((task, elapsed, usual),) = told
    assert (task, elapsed, usual) == (ORDERS, pytest.approx(20.1), 10.0)


def test_what_has_ended_in_time_or_has_no_history_is_not_told_of(watch, clock):
    pace, told = watch(Times(orders=10.0))
    pace.started(0)
    pace.started(1)
    clock.now += 15
    pace.look()
    pace.ended(0)
    clock.now += 100
    pace.look()
    pace.ended(1)
    assert told == []


def test_each_attempt_counts_by_itself(watch, clock):
    pace, told = watch(Times(orders=10.0))
    pace.started(0)
    clock.now += 12
    pace.look()
    pace.ended(0)
    pace.started(0)
    clock.now += 12
    pace.look()
    assert told == []


def test_a_task_that_kept_the_thread_busy_is_told_of_when_it_ends(watch, clock):
    pace, told = watch(Times(orders=1.0))
    pace.started(0)
    clock.now += 30
    pace.ended(0)
    pace.look()
    assert [task for task, _, _ in told] == [ORDERS]


def test_of_quick_tasks_nobody_asks_the_history(watch, clock):
    usual = Times(orders=0.001)
    pace, told = watch(usual)
    for _ in range(100):
        pace.started(0)
        clock.now += 0.01
        pace.ended(0)
        pace.look()
    assert (told, usual.asked) == ([], [])


def test_the_run_is_told_of_once(watch, clock):
    pace, told = watch(Times(run=8.0))
    clock.now += 15.9
    pace.look()
    assert told == []
    clock.now += 0.2
    pace.look()
    clock.now += 60
    pace.look()
    assert told == [(None, pytest.approx(16.1), 8.0)]
