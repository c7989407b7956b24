"""What is started when: clocks, sensors and updates, under a clock that the test sets."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from flowstone.dev.desk import AGAIN, LATER, Desk
from flowstone.dev.questions import POLL
from flowstone.dev.starts import Offer, Start
from flowstone.dev.store import Store
from flowstone.errors import StateError
from flowstone.runtime.sensing import Look, Request

SHOP = """
days = DailyPartitions("2024-01-01")

@asset
def orders(limit: int = 10) -> list[int]:
    return [limit]

@asset
def refunds() -> list[int]:
    return [1]

@asset
def report(orders: list[int], refunds: list[int]) -> int:
    return 1

@asset(partitioned_by=days)
def visits() -> int:
    return 1

@asset(partitioned_by=MonthlyPartitions("2024-01-01"))
def months(visits: dict[str, int]) -> int:
    return 1

load = Job("load", select="orders", schedule=Every("1h"))
daily = Job("daily", select="visits", schedule=Cron("0 6 * * *", timezone="UTC"))
monthly = Job("monthly", select="months", schedule=OnUpdate("visits"))
money = Job("money", select="refunds")
both = Job("both", select="report", schedule=OnUpdate("orders", "refunds"))

@sensor(job="money", every="30s")
def look():
    return None
"""
NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)


class Hands:
    def __init__(self):
        self.runs, self.looks = [], []

    def look(self, sensor, cursor):
        self.looks.append((sensor.name, cursor))

    def run(self, start):
        self.runs.append(start)

    @property
    def started(self):
        return [(item.offer.job, *item.offer.keys) for item in self.runs]


class World:
    """A desk whose clock the test sets; made anew it is another process on the same project."""

    def __init__(self, project, home, engine="airflow"):
        self.project, self.home, self.engine = project, home, engine
        self.now, self.elapsed, self.numbers = NOON, 0.0, 0
        self.begun, self.jobs = set(), None
        self.questions = set()
        self.store = None
        self.start()

    def start(self):
        """Begin as a new process."""
        if self.store is not None:
            self.store.__exit__(None, None, None)
        self.hands, self.told = Hands(), []
        self.store = Store(self.home, None, self._id)
        self.desk = Desk(
            self.store,
            self.hands,
            lambda event, text, **more: self.told.append(event),
            self.engine,
            lambda: self.questions,
        )
        self.desk.take(self.project, self.jobs or self.project.jobs, self.now, self.elapsed)
        return self.desk.recall(lambda start: start.run in self.begun)

    def take_again(self):
        """The project has changed."""
        self.desk.take(self.project, self.project.jobs, self.now, self.elapsed)
        self.tick()

    def _id(self):
        self.numbers += 1
        return f"run-{self.numbers}"

    def pass_by(self, **length):
        self.now += timedelta(**length)
        self.elapsed += timedelta(**length).total_seconds()
        self.tick()

    def tick(self):
        self.desk.tick(self.now, self.elapsed)

    def end(self, *made, status="done"):
        """The first run that was started ends."""
        self.desk.ended(self.hands.runs.pop(0), status, made)
        self.tick()


@pytest.fixture
def make_world(tmp_path):
    """Makes a world of a project; its memory is closed in the end."""
    with ExitStack() as stack:

        def make(project, engine="airflow"):
            made = World(project, tmp_path / "home", engine)
            stack.push(made.store.__exit__)
            return made

        yield make


@pytest.fixture
def world(make_world, make_project):
    return make_world(make_project(SHOP).project)


def test_a_schedule_fires_when_its_time_has_come_and_not_before(world):
    world.tick()
    assert world.hands.runs == []
    world.pass_by(minutes=29)
    assert world.hands.runs == []
    assert world.desk.wait(world.now, world.elapsed, 1e9) == 60
    world.pass_by(minutes=1)
    assert world.hands.started == [("load",)]


def test_no_moment_fires_twice_when_the_clock_is_set_back(world):
    world.pass_by(minutes=31)
    world.end()
    world.now -= timedelta(minutes=10)
    world.pass_by(minutes=15)
    assert world.hands.runs == []
    world.pass_by(minutes=60)
    assert world.hands.started == [("load",)]


def test_what_was_slept_through_is_one_run_for_the_last_moment(world):
    world.pass_by(hours=20)
    assert world.told.count("missed") == 1
    assert world.hands.started == [("load",), ("daily", "2026-03-10")]


def test_what_was_missed_while_nothing_ran_is_not_made_up_for(world):
    world.pass_by(minutes=31)
    world.begun.add("run-1")
    world.now += timedelta(days=3)
    (left,) = world.start()
    world.desk.ended(left, "done", [])
    world.tick()
    assert world.hands.runs == []


def test_a_moment_that_fired_does_not_fire_in_a_new_process_whose_clock_is_behind(world):
    world.pass_by(minutes=31)
    world.end()
    world.now -= timedelta(minutes=20)
    world.start()
    world.pass_by(minutes=25)
    assert world.hands.runs == []


def test_a_run_that_did_not_begin_is_started_under_its_id(world):
    world.pass_by(minutes=31)
    assert [item.run for item in world.hands.runs] == ["run-1"]
    assert world.start() == []
    world.tick()
    assert [item.run for item in world.hands.runs] == ["run-1"]


def test_what_did_not_begin_waits_for_a_process_that_is_to_run_its_job(world):
    world.pass_by(minutes=31)
    world.jobs = ["money"]
    assert world.start() == []
    world.tick()
    assert world.hands.runs == []
    world.jobs = None
    world.start()
    world.tick()
    assert [item.run for item in world.hands.runs] == ["run-1"]


def test_a_job_that_still_runs_keeps_one_firing_waiting(world):
    world.pass_by(minutes=30)
    world.pass_by(hours=1)
    world.pass_by(hours=1)
    assert world.hands.started == [("load",)]
    assert world.told.count("left out") == 1
    assert world.told.count("fires") == 2
    world.end()
    assert world.hands.started == [("load",)]
    world.end()
    assert world.hands.started == []


def test_a_look_follows_another_after_the_time_that_the_sensor_says(world):
    world.tick()
    world.pass_by(seconds=29)
    world.desk.looked("look", Look((), "a"))
    world.tick()
    assert world.hands.looks == [("look", None)]
    world.pass_by(seconds=1)
    assert world.hands.looks[1:] == [("look", "a")]
    world.pass_by(seconds=60)
    assert len(world.hands.looks) == 2, "the last one has not ended"


def test_a_key_starts_one_run_even_if_the_cursor_is_lost(world):
    world.tick()
    world.desk.looked("look", Look((Request("a", (), {"refunds": {}}), Request("b")), "b"))
    world.tick()
    assert world.hands.started == [("money",)], "the second one waits for the first"
    world.end()
    world.end()
    for _ in range(2):
        world.start()
        world.tick()
        world.desk.looked("look", Look((Request("a"), Request("b")), "b"))
        world.tick()
        assert world.hands.runs == []


def test_a_look_that_fails_leaves_the_cursor(world):
    world.tick()
    world.desk.looked("look", Look((), "a"))
    world.pass_by(seconds=30)
    world.desk.blind("look", "OSError: gone")
    world.pass_by(seconds=30)
    assert world.hands.looks == [("look", None), ("look", "a"), ("look", "a")]
    assert world.told == ["sensor failed"]


def test_requests_and_cursor_are_kept_together_or_not_at_all(world, monkeypatch):
    world.tick()

    def torn(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.store, "keep", torn)
    with pytest.raises(StateError, match="No space left"):
        world.desk.looked("look", Look((Request("a"),), "a"))
    world.start()
    world.tick()
    assert world.hands.looks == [("look", None)]
    world.desk.looked("look", Look((Request("a"),), "a"))
    world.tick()
    assert world.hands.started == [("money",)]


def test_updates_of_all_start_what_follows_all(world):
    world.pass_by(minutes=30)
    world.end(("orders", None))
    assert world.hands.runs == []
    world.start()
    world.tick()
    world.desk.looked("look", Look((Request("a"),), None))
    world.tick()
    world.end(("refunds", None))
    assert world.hands.started == [("both",)]
    world.end(("report", None))
    world.pass_by(hours=1)
    world.end(("orders", None))
    assert world.hands.runs == [], "refunds were not made anew"


def test_a_period_that_a_partition_completes_is_made(world):
    world.now = datetime(2026, 1, 31, 5, 59, tzinfo=UTC)
    world.start()
    world.pass_by(minutes=2)
    assert ("daily", "2026-01-30") in world.hands.started
    world.hands.runs = [item for item in world.hands.runs if item.offer.job == "daily"]
    world.end(("visits", "2026-01-30"))
    assert world.hands.runs == []
    world.pass_by(days=1)
    world.hands.runs = [item for item in world.hands.runs if item.offer.job == "daily"]
    world.end(("visits", "2026-01-31"))
    assert world.hands.started == [("monthly", "2026-01")]


def test_a_run_that_finds_another_at_work_is_tried_later(world):
    world.pass_by(minutes=30)
    world.desk.busy(world.hands.runs.pop().run, world.elapsed)
    world.now -= timedelta(hours=1)
    world.tick()
    assert world.hands.runs == []
    assert world.desk.wait(world.now, world.elapsed, 1e9) == LATER
    world.pass_by(seconds=LATER)
    assert [item.run for item in world.hands.runs] == ["run-1"]


def test_a_request_whose_run_did_not_begin_is_kept_until_the_project_changes_or_a_minute_has_gone(world):
    world.desk.looked("look", Look((Request("a"), Request("b")), "b"))
    for wait in (lambda: world.pass_by(seconds=AGAIN), world.take_again):
        world.tick()
        (start,) = world.hands.runs
        world.desk.unbegun(world.hands.runs.pop().run, world.elapsed)
        world.tick()
        assert (start.offer.key, world.hands.runs) == ("a", [])
        wait()
    assert [item.run for item in world.hands.runs] == [start.run]
    world.hands.runs.clear()
    world.start()
    world.tick()
    assert [item.run for item in world.hands.runs] == [start.run]


PLACES = frozenset({("visits", "2026-03-09"), ("visits", "2026-03-08")})


def waiting(world):
    """A run that has made something and waits at two places."""
    world.desk.looked("look", Look((Request("a", ("k",), {"refunds": {}}),), "a"))
    world.tick()
    (start,) = world.hands.runs
    world.hands.runs.clear()
    world.questions = set(PLACES)
    world.desk.waits(start, PLACES, [("orders", None)], world.elapsed)
    return start


def test_a_run_that_waits_goes_on_once_one_of_its_questions_was_answered(world):
    start = waiting(world)
    world.pass_by(seconds=POLL)
    assert world.hands.runs == []
    assert world.desk.wait(world.now, world.elapsed, 1e9) == POLL
    world.questions.pop()
    world.pass_by(seconds=POLL)
    (again,) = world.hands.runs
    assert (again.offer.job, again.offer.keys, again.offer.config) == ("money", ("k",), {"refunds": {}})
    assert again.run != start.run
    world.end()
    world.pass_by(seconds=POLL)
    assert world.hands.runs == []


def test_what_a_run_has_made_before_it_waits_counts_at_once(world):
    waiting(world)
    world.desk.ended(Start(99, Offer("sensor look", "z", "money"), "run-99", "started"), "done", [("refunds", None)])
    world.tick()
    assert ("both",) in world.hands.started


def test_the_next_process_waits_on_and_sees_what_was_answered_meanwhile(world):
    start = waiting(world)
    world.begun.add(start.run)
    (left,) = world.start()
    assert left.run == start.run
    world.desk.waits(left, frozenset(), [], world.elapsed)
    world.tick()
    assert [item.offer.key for item in world.hands.runs] == [start.run]


def test_jobs_with_the_same_steps_do_not_run_at_once(world, make_project):
    text = SHOP + 'again = Job("again", select="orders refunds", schedule=Every("1h"))\n'
    world.project = make_project(text).project
    world.start()
    world.pass_by(minutes=30)
    assert world.hands.started == [("load",)]
    world.end()
    assert world.hands.started == [("again",)]


def test_a_changed_project_keeps_what_is_the_same(world, make_project):
    world.pass_by(minutes=20)
    text = SHOP.replace("0 6 * * *", "0 * * * *")
    world.desk.take(make_project(text).project, world.project.jobs, world.now, world.elapsed)
    world.pass_by(minutes=10)
    assert world.hands.started == [("load",), ("daily", "2026-03-09")]


def test_a_sensor_that_is_to_look_more_often_does_so_at_once(world, make_project):
    world.tick()
    world.desk.looked("look", Look((), None))
    often = make_project(SHOP.replace('every="30s"', 'every="2s"')).project
    world.desk.take(often, often.jobs, world.now, world.elapsed)
    world.pass_by(seconds=2)
    assert len(world.hands.looks) == 2


def test_a_job_that_is_gone_is_not_started(world, make_project):
    world.pass_by(minutes=30)
    world.pass_by(hours=1)
    gone = make_project(SHOP.replace('Job("load"', 'Job("other"')).project
    world.desk.take(gone, gone.jobs, world.now, world.elapsed)
    world.end()
    assert world.hands.runs == []
    assert world.store.unfinished() == []


@pytest.mark.parametrize(("engine", "first"), [("airflow", "01:30"), ("prefect", "00:30")])
def test_a_time_that_comes_twice_fires_once_when_the_engine_fires(make_world, make_project, engine, first):
    text = SHOP.replace('Cron("0 6 * * *", timezone="UTC")', 'Cron("30 2 * * *", timezone="Europe/Berlin")')
    world = make_world(make_project(text).project, engine)
    world.now = datetime(2026, 10, 24, 23, 59, tzinfo=UTC)
    world.start()
    fired = []
    for _ in range(150):
        world.pass_by(minutes=1)
        if [item for item in world.hands.runs if item.offer.job == "daily"]:
            fired.append(f"{world.now:%H:%M}")
        world.hands.runs.clear()
        world.desk._running.clear()
    assert fired == [first]


def test_a_run_whose_partitions_are_gone_ends_like_any_other(world, make_project):
    world.pass_by(hours=20)
    text = SHOP.replace('days = DailyPartitions("2024-01-01")', 'days = StaticPartitions("eu")')
    changed = make_project(text).project
    world.desk.take(changed, changed.jobs, world.now, world.elapsed)
    daily = next(item for item in world.hands.runs if item.offer.job == "daily")
    world.desk.ended(daily, "done", [("visits", "2026-03-10")])
    assert daily not in world.store.unfinished()
