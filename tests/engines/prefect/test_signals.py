"""Assets that wait for a signal, on a real Prefect; the same bytes as on the local runner."""

import os
import threading
from pathlib import Path

import pytest

from flowstone.runtime.materialize import materialize
from flowstone.runtime.run import Run
from flowstone.runtime.signals import signals_of
from flowstone.runtime.workspace import Workspace

REVIEW = """
keys = StaticPartitions("eu", "us")

@asset
def figures() -> list[int]:
    return [1, 2]

@asset(signal_gate=SignalGate(timeout="{timeout}"), retries=2)
def review(figures: list[int]) -> Signal:
    note("asks")
    return Signal(token=f"review {{sum(figures)}}", data={{"sum": sum(figures)}})

@review.on_signal
def reviewed(payload: list[str], signal: Signal, figures: list[int]) -> dict[str, list[str]]:
    note("answered")
    return {{"by": payload, "sum": [str(signal.data["sum"])], "n": [str(len(figures))]}}

{late}

@asset(signal_gate=SignalGate(timeout="1h"))
def vote(review: dict[str, list[str]]) -> Signal:
    return Signal(token="vote")

@vote.on_signal
def voted(payload: int) -> int:
    return payload

@asset
def letter(review: dict[str, list[str]], vote: int) -> str:
    return f"{{review}} {{vote}}"

@asset
def other(figures: list[int]) -> int:
    note("other")
    return 1

asked = Job("asked", select="*")
"""
LATE = """
@review.on_timeout
def late(signal: Signal) -> dict[str, list[str]]:
    return {"late": [signal.token]}
"""
ALL = ("figures", "review", "vote", "letter", "other")


@pytest.fixture
def compiled(compile_project, monkeypatch):
    monkeypatch.setattr("flowstone.runtime.prefect_signal.POLL", 0.1)

    def compile_(timeout="1h", late="", name="asked"):
        project = compile_project(REVIEW.format(timeout=timeout, late=late), name=name)
        monkeypatch.setenv("FLOWSTONE_HOME", str(project.root / ".flowstone"))
        return project

    return compile_


def log(project):
    return signals_of(Workspace(project.project, project.root, os.environ))


def made_here(project):
    """The same by the local runner, in another place: the files of all values."""
    place = project.root / "here"
    environment = {
        **os.environ,
        "FLOWSTONE_HOME": str(place),
        "FLOWSTONE_IO_MANAGERS__FILES__ROOT": str(place / "data"),
    }
    workspace = Workspace(project.project, project.root, environment)
    signals_of(workspace).send("review 3", ["ada"], "ada")
    signals_of(workspace).send("vote", 7, "ada")
    for asset in ALL:
        assert materialize(workspace, asset, None, Run("here", "local")).status == "materialized"
    return stored(place / "data")


def stored(root):
    found = {path.name: path.read_bytes() for path in Path(root).glob("*.json")}
    assert found.keys() == {f"{asset}.json" for asset in ALL}
    return found


def test_a_flow_run_goes_on_with_the_signals(compiled):
    project = compiled()
    signals = log(project)

    def send():
        """Each signal when something waits for it, and everything else is done."""
        for asset, token, payload in (("review", "review 3", ["ada"]), ("vote", "vote", 7)):
            for _ in range(600):
                if signals.waiting((asset, None)) is not None and "other" in project.notes():
                    signals.send(token, payload, "ada")
                    break
                threading.Event().wait(0.1)

    sending = threading.Thread(target=send)
    sending.start()
    state = project.run("asked")
    sending.join()
    assert state.message == "5 Completed"
    assert sorted(project.notes()) == ["answered", "asks", "other"]
    assert project.record("review").metadata["signal"]["by"] == "ada"
    assert stored(project.root / ".flowstone" / "data" / "files") == made_here(project)


def test_signals_that_were_sent_before_and_times_that_are_over(compiled):
    project = compiled("0.5s", LATE, name="late")
    log(project).send("vote", 7, "ada")
    assert project.run("asked").message == "5 Completed"
    assert project.value("review") == {"late": ["review 3"]}


def test_without_on_timeout_the_run_fails_and_the_next_one_asks_anew(compiled):
    project = compiled("0.5s", name="failing")
    state = project.run("asked")
    assert "no signal 'review 3' came for review in time" in state.message
    assert project.notes().count("asks") == 1
    log(project).send("vote", 7, "ada")
    assert "no signal 'review 3' came for review in time" in project.run("asked").message
    assert project.notes().count("asks") == 2
