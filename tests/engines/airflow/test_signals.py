"""Assets that wait for a signal, on a real Airflow; the same bytes as on the local runner."""

import os
from pathlib import Path

import pytest

from flowstone.runtime.materialize import materialize
from flowstone.runtime.run import Run
from flowstone.runtime.signals import signals_of
from flowstone.runtime.workspace import Workspace

REVIEW = """
@asset
def figures() -> list[int]:
    return [1, 2]

@asset(signal_gate=SignalGate(timeout="{timeout}"), retries=2, airflow={{"poke_interval": 0.2}})
def review(figures: list[int], prefix: str = "review") -> Signal:
    note("asks")
    return Signal(token=f"{{prefix}} {{sum(figures)}}", data={{"sum": sum(figures)}})

@review.on_signal
def reviewed(payload: list[str], signal: Signal, figures: list[int]) -> dict[str, list[str]]:
    note("answered")
    return {{"by": payload, "sum": [str(signal.data["sum"])], "n": [str(len(figures))]}}

{late}

@asset
def letter(review: dict[str, list[str]]) -> str:
    return f"{{review}}"

asked = Job("asked")
"""
LATE = """
@review.on_timeout
def late(signal: Signal) -> dict[str, list[str]]:
    return {"late": [signal.token]}
"""
ALL = ("figures", "review", "letter")


@pytest.fixture
def compiled(compile_project, monkeypatch):
    def compile_(timeout="1h", late=""):
        project = compile_project(REVIEW.format(timeout=timeout, late=late))
        monkeypatch.setenv("FLOWSTONE_HOME", str(project.root / ".flowstone"))
        return project

    return compile_


def log(project):
    return signals_of(Workspace(project.project, project.root, os.environ))


def states(project):
    return {task: state for (task, _), state in project.states("asked").items()}


def made_here(project):
    """The same by the local runner, in another place: the environment in which it is stored."""
    place = project.root / "here"
    environment = {
        **os.environ,
        "FLOWSTONE_HOME": str(place),
        "FLOWSTONE_IO_MANAGERS__FILES__ROOT": str(place / "data"),
    }
    workspace = Workspace(project.project, project.root, environment)
    materialize(workspace, "figures", None, Run("here", "local"))
    assert materialize(workspace, "review", None, Run("here", "local")).status == "waiting"
    signals_of(workspace).send("review 3", ["ada"], "ada")
    for asset in ("review", "letter"):
        assert materialize(workspace, asset, None, Run("here", "local")).status == "materialized"
    return environment


def stored(project, environment):
    """The files of all values."""
    root = environment.get("FLOWSTONE_IO_MANAGERS__FILES__ROOT", project.root / ".flowstone" / "data" / "files")
    found = {path.name: path.read_bytes() for path in Path(root).glob("*.json")}
    assert found.keys() == {f"{asset}.json" for asset in ALL}
    return found


def let_it_wait(project):
    """Let Airflow work until the task waits, and looks again."""
    project.world.trigger(project.id("asked"), None, None)
    while states(project)["review"] != "up_for_reschedule":
        project.world._tick()


def test_a_task_waits_without_a_worker_and_goes_on_with_the_signal(compiled):
    project = compiled()
    let_it_wait(project)
    assert states(project) == {"figures": "success", "review": "up_for_reschedule", "letter": "None"}
    assert project.record("review") is None
    log(project).send("review 3", ["ada"], "ada")
    project.world.run(timeout=120)
    assert states(project) == dict.fromkeys(ALL, "success")
    record = project.record("review")
    assert record.metadata["signal"]["by"] == "ada"
    assert project.notes() == ["asks", "answered"]

    assert stored(project, os.environ) == stored(project, made_here(project))


def test_a_signal_that_was_sent_before_lets_nothing_wait(compiled):
    project = compiled()
    log(project).send("review 3", ["ada"], "ada")
    project.run("asked")
    assert states(project) == dict.fromkeys(ALL, "success")
    assert project.value("review") == {"by": ["ada"], "sum": ["3"], "n": ["2"]}


def test_when_the_time_is_over_on_timeout_decides(compiled):
    project = compiled("0.5s", LATE)
    project.run("asked")
    assert states(project) == dict.fromkeys(ALL, "success")
    assert project.value("review") == {"late": ["review 3"]}
    assert project.notes() == ["asks"]


def test_without_on_timeout_the_task_fails_without_a_retry_and_the_next_run_asks_anew(compiled):
    project = compiled("0.5s")
    project.run("asked")
    assert states(project) == {"figures": "success", "review": "failed", "letter": "upstream_failed"}
    assert "no signal 'review 3' came for review in time" in project.world.errors[-1]
    assert project.notes() == ["asks"]
    log(project)
    let_it_wait(project)
    assert project.notes() == ["asks", "asks"]
