"""Values that wait to be approved, on a real Airflow."""

import os

from flowstone.runtime.decisions import decisions_of, user
from flowstone.runtime.workspace import Workspace

REPORT = """
@asset
def figures() -> list[int]:
    return [1, 2]

@asset(checkpoint=Approval("Publish {{ nothing }}?", when="is_big", timeout="1h", on_timeout="approve"), timeout="1m")
def report(figures: list[int], factor: int = 10) -> int:
    note("makes")
    return sum(figures) * factor

def is_big(report):
    return report > 10

@asset
def letter(report: int) -> str:
    return f"{report}"

approved = Job("approved")
"""


def log(project):
    return decisions_of(Workspace(project.project, project.root, os.environ))


def states(project):
    return {task: state for (task, _), state in project.states("approved").items()}


def test_a_task_waits_for_input_and_publishes_what_was_approved(compile_project, monkeypatch):
    project = compile_project(REPORT)
    monkeypatch.setenv("FLOWSTONE_HOME", str(project.root / ".flowstone"))
    project.run("approved")
    assert states(project) == {"figures": "success", "report": "awaiting_input", "letter": "None"}
    assert project.record("report") is None
    project.world.answer("report", "Approve")
    project.world.run(timeout=120)
    assert states(project) == dict.fromkeys(("figures", "report", "letter"), "success")
    assert project.value("letter") == "30"
    assert project.record("report").metadata["approval"]["by"] == "ada"
    assert project.notes() == ["makes"]
    assert [(item.event, item.by) for item in log(project).all()] == [("asked", "airflow"), ("approved", "ada")]


def test_what_was_rejected_is_skipped_with_what_needs_it_and_small_values_are_not_asked_about(
    compile_project, monkeypatch
):
    project = compile_project(REPORT)
    monkeypatch.setenv("FLOWSTONE_HOME", str(project.root / ".flowstone"))
    project.run("approved")
    project.world.answer("report", "Reject")
    project.world.run(timeout=120)
    assert states(project) == {"figures": "success", "report": "skipped", "letter": "skipped"}
    project.run("approved", conf={"report__factor": 1})
    assert states(project) == dict.fromkeys(("figures", "report", "letter"), "success")
    assert project.value("letter") == "3"


def test_a_decision_by_the_command_holds_and_that_in_airflow_comes_too_late(compile_project, monkeypatch):
    project = compile_project(REPORT)
    monkeypatch.setenv("FLOWSTONE_HOME", str(project.root / ".flowstone"))
    project.run("approved")
    decisions = log(project)
    (asked,) = decisions.last().values()
    decisions.answer(asked, "rejected", user(), "by the command")
    project.world.answer("report", "Approve")
    project.world.run(timeout=120)
    assert states(project)["report"] == "skipped"
