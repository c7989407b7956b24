"""Values that wait to be approved, on a real Prefect."""

import contextvars
import os
import threading

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName
from prefect.client.schemas.responses import SetStateStatus

from flowstone.runtime.decisions import decisions_of
from flowstone.runtime.workspace import Workspace

REPORT = """
@asset
def figures() -> list[int]:
    return [1, 2]

@asset(checkpoint=Approval("Publish {{ it }}?"))
def report(figures: list[int], factor: int = 10) -> int:
    note("makes")
    return sum(figures) * factor

@asset
def letter(report: int) -> str:
    return f"{report}"

@asset
def other(figures: list[int]) -> int:
    note("other")
    return 1

approved = Job("approved", select="*")
"""


def answer(decision):
    """Answer the form of the flow run that is paused, once there is one."""
    paused = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Paused"])))
    with get_client(sync_client=True) as client:
        for _ in range(200):
            for run in client.read_flow_runs(flow_run_filter=paused):
                given = {"decision": decision, "why": "because", "by": "ada"}
                # A run is paused a moment before its form is there; until then answers are turned away.
                if client.resume_flow_run(run.id, run_input=given).status == SetStateStatus.ACCEPT:
                    return
            threading.Event().wait(0.1)


@pytest.mark.parametrize(("decision", "told"), [("approve", "4 Completed"), ("reject", "2 Completed, 2 Skipped")])
def test_a_flow_run_is_paused_and_goes_on_with_what_was_decided(compile_project, monkeypatch, decision, told):
    monkeypatch.setattr("flowstone.runtime.prefect_approval.POLL", 1)
    monkeypatch.setattr("flowstone.runtime.prefect_approval.LONGEST", 60)
    project = compile_project(REPORT, name=f"approved-{decision}")
    monkeypatch.setenv("FLOWSTONE_HOME", str(project.root / ".flowstone"))
    answering = threading.Thread(target=contextvars.copy_context().run, args=(answer, decision))
    answering.start()
    state = project.run("approved")
    answering.join()
    assert state.message == told
    assert sorted(project.notes()) == ["makes", "other"]
    events = decisions_of(Workspace(project.project, project.root, os.environ)).all()
    decided = "approved" if decision == "approve" else "rejected"
    assert [(item.event, item.by) for item in events] == [("asked", "prefect"), (decided, "ada")]
    if decision == "approve":
        assert project.value("letter") == "30"
    else:
        assert project.record("letter") is None
