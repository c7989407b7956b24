"""What the processes of runs are told."""

import inspect
import io
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowstone.cli.dev import _signals
from flowstone.cli.wanted import with_values
from flowstone.config.model import RunSettings
from flowstone.dev import office
from flowstone.dev.office import Means, Office
from flowstone.dev.starts import Offer, Start
from flowstone.dev.told import Teller
from flowstone.runner.exits import EXIT_BUSY, EXIT_FAILED, EXIT_REFUSED

SHOP = """
@asset
def orders(
    file: str = "", count: int = 1, either: str | int = 1, names: list[str] = [], some: str | None = None, free=None
) -> int:
    return 1

load = Job("load", select="orders")
"""


@pytest.mark.parametrize(
    "values",
    [
        {"file": "a.csv", "count": 2, "either": "7", "names": ["x"], "some": "null", "free": "yes"},
        {"file": '"quoted"', "either": 7, "names": [], "some": None, "free": {"a": [1]}},
        {"file": "5\n=", "free": "5"},
    ],
)
def test_a_resumed_run_has_the_values_of_the_request(make_project, monkeypatch, values):
    orders = []
    monkeypatch.setattr(office, "Child", lambda module, arguments, order, *_, **__: orders.append(order))
    project = make_project(SHOP).project
    means = Means(Path(), Path(), RunSettings(), {}, lambda *_: Path("manifest"), False)
    hands = Office(means, Teller(io.StringIO(), lambda: datetime.now(UTC), as_json=False))
    hands.take(project)
    hands.run(Start(1, Offer("sensor look", "a", "load", (), {"orders": values}), "run-1", "started"))
    assert with_values(project, orders[0]["assignments"]).params["orders"] == values


def test_the_manifest_is_written_once_and_anew_after_a_change_or_a_loss(make_project, monkeypatch, tmp_path):
    monkeypatch.setattr(office, "Child", lambda *_, **__: None)
    project, written = make_project(SHOP).project, []
    path = tmp_path / "manifest"

    def manifest(given, name):
        assert name is None
        written.append(given)
        path.touch()
        return path

    hands = Office(Means(tmp_path, tmp_path, RunSettings(), {}, manifest, False), None)
    hands.take(project)
    for number in range(2):
        hands.run(Start(number, Offer("schedule load", str(number), "load"), f"run-{number}", "started"))
    assert len(written) == 1
    path.unlink()
    hands.run(Start(2, Offer("schedule load", "2", "load"), "run-2", "started"))
    hands.take(project)
    hands.run(Start(3, Offer("schedule load", "3", "load"), "run-3", "started"))
    assert len(written) == 3


def test_the_manifest_of_a_request_is_gone_after_its_run(make_project, monkeypatch, tmp_path):
    monkeypatch.setattr(office, "Child", lambda *_, **__: None)
    written = []

    def manifest(given, name):
        written.append((name, given.params["orders"]))
        (tmp_path / str(name)).touch()
        return tmp_path / str(name)

    hands = Office(Means(tmp_path, tmp_path, RunSettings(), {}, manifest, False), None)
    hands.desk = Busy()
    hands.take(make_project(SHOP).project)
    start = Start(1, Offer("sensor look", "a", "load", (), {"orders": {"count": 2}}), "run-1", "started")
    for _ in range(2):
        hands.run(start)
        assert (tmp_path / "run-1").exists()
        hands._ended(start, EXIT_BUSY)
        assert not (tmp_path / "run-1").exists()
    assert written == [("run-1", {"count": 2})] * 2


@pytest.mark.parametrize(
    ("code", "told"), [(0, "done"), (EXIT_FAILED, "waits"), (-9, "waits"), (EXIT_REFUSED, "failed")]
)
def test_a_run_that_did_not_begin_is_tried_again_unless_it_cannot_be_run(make_project, tmp_path, code, told):
    hands = Office(Means(tmp_path, tmp_path, RunSettings(), {}, lambda *_: tmp_path, False), None)
    hands.desk = Listener()
    hands.take(make_project(SHOP).project)
    hands._ended(Start(1, Offer("sensor look", "a", "load"), "run-1", "started"), code)
    assert hands.desk.told == [told]


class Listener:
    def __init__(self):
        self.told = []

    def unbegun(self, run, elapsed):
        self.told.append("waits")

    def ended(self, start, status, made):
        self.told.append(status)


class Busy:
    def busy(self, run, elapsed):
        assert run == "run-1"


class Waiting:
    """A queue in which the main thread waits while another one receives a signal."""

    def __init__(self, queue):
        self.queue, self.is_woken = queue, False
        self.line = inspect.getsourcelines(self.get)[1] + 3

    def get(self, timeout):
        other = threading.Thread(target=self.receive)
        other.start()
        found = self.queue.get(timeout=timeout)
        self.is_woken = True
        other.join()
        return found

    def receive(self):
        while not any(frame.f_lineno == self.line for frame in sys._current_frames().values()):
            pass
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    def put(self, event):
        self.queue.put(event)

    def get_nowait(self):
        return self.queue.get_nowait()


def test_a_signal_wakes_the_loop_whatever_thread_receives_it(tmp_path):
    hands = Office(Means(tmp_path, tmp_path, RunSettings(), {}, lambda *_: tmp_path, False), None)
    hands._events = waiting = Waiting(hands._events)
    with _signals(hands) as asked:
        hands._handle(20)
    assert waiting.is_woken
    assert asked == [signal.SIGTERM]
