"""How long a run will still take."""

from hypothesis import given
from hypothesis import strategies as st

from flowstone.runner.outlook import Outlook
from flowstone.runner.plan import Task


def tasks(count, step="a"):
    return [Task(step, str(number), ()) for number in range(count)]


def test_nothing_is_said_if_nothing_is_known():
    assert Outlook().remaining(10.0) is None
    assert Outlook(tasks(5), {}, 0.0).remaining(1.0) is None


@given(st.integers(1, 8), st.integers(2, 40), st.floats(0.01, 100))
def test_equal_functions_take_as_long_as_those_that_have_ended(at_once, rounds, seconds):
    planned = tasks(at_once * rounds)
    outlook, now = Outlook(planned, {}, 5.0), 5.0
    for done in range(rounds):
        batch = planned[done * at_once : (done + 1) * at_once]
        for task in batch:
            outlook.started(task, now)
        now += seconds
        for task in batch:
            outlook.ended(task, seconds)
        left = (rounds - done - 1) * seconds
        assert abs(outlook.remaining(now) - left) <= 1e-6 * (1 + left)


def test_what_is_usual_counts_until_something_has_ended():
    planned = [*tasks(2, "quick"), *tasks(1, "slow")]
    outlook = Outlook(planned, {"quick": 1.0, "slow": 10.0}, 0.0)
    assert outlook.remaining(0.0) == 12.0
    outlook.started(planned[0], 0.0)
    assert outlook.remaining(0.5) == 11.5
    outlook.ended(planned[0], 2.0)
    assert outlook.of_step("quick") == 2.0
    assert outlook.remaining(2.0) == 12.0


def test_what_is_not_called_takes_no_time():
    planned = tasks(3)
    outlook = Outlook(planned, {"a": 4.0}, 0.0)
    outlook.ended(planned[0], None)
    assert outlook.remaining(0.0) == 8.0
    outlook.ended(Task("other", None, ()), None)
    assert outlook.remaining(0.0) == 8.0


def test_an_attempt_that_is_made_again_is_no_progress():
    (task,) = tasks(1)
    outlook = Outlook([task], {"a": 4.0}, 0.0)
    outlook.started(task, 0.0)
    assert outlook.remaining(3.0) == 1.0
    outlook.paused(task)
    assert outlook.remaining(3.0) == 4.0
    assert outlook.since(task) is None


def test_it_never_says_less_than_nothing():
    (task,) = tasks(1)
    outlook = Outlook([task], {"a": 4.0}, 0.0)
    outlook.started(task, 0.0)
    assert outlook.remaining(100.0) == 0.0
