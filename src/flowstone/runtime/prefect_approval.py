"""Asking somebody about a value, in a flow run: it is paused, or suspended if a deployment can start it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from prefect.flow_runs import pause_flow_run, suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment

from flowstone.ir.digest import digest
from flowstone.runtime.decisions import Decision, Event, decisions_of
from flowstone.runtime.reasons import Place
from flowstone.runtime.workspace import Workspace

POLL = 10
"""Seconds between two looks of a flow run that is paused."""
LONGEST = 10 * 365 * 24 * 3600
"""Seconds that a flow run waits for a decision that has no end."""


class Answer(RunInput):
    """What Prefect's form asks for."""

    decision: Literal["approve", "reject"]
    why: str = ""
    by: str = ""


def ask(workspace: Workspace, place: Place) -> None:
    """Wait until somebody has decided about a value, and write that down.

    Errors: FlowPauseTimeout if nobody did in time; the next run goes by ``on_timeout``. Pause, which is no fault, if
    the flow run is suspended: it begins anew after the answer, and finds what it has made.
    """
    log = decisions_of(workspace)
    asked = log.last().get(place)
    if asked is None or asked.event != "asked":
        return  # somebody decided by a command meanwhile
    # The same question has the same key when the flow begins anew; Prefect takes few characters.
    key = f"approve-{digest([*place, asked.data_version])[-16:]}"
    form = Answer.with_initial_data(description=asked.message)
    if deployment.id:
        answer = suspend_flow_run(wait_for_input=form, timeout=_seconds(asked), key=key)
    else:
        answer = pause_flow_run(wait_for_input=form, timeout=_seconds(asked), key=key, poll_interval=POLL)
    decided: Event = "approved" if answer.decision == "approve" else "rejected"
    if (now := log.last().get(place)) is not None and now.event == "asked":
        log.answer(asked, decided, answer.by or "prefect", answer.why)


def _seconds(asked: Decision) -> int:
    if asked.until is None:
        return LONGEST
    return max(1, int((asked.until - datetime.now(UTC)).total_seconds()))
