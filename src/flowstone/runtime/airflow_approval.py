"""The operator of steps whose values somebody has to approve. Generated DAGs import it only where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator

from flowstone.runtime.airflow import STARTING, AssetOperator, workspace_of

APPROVE, REJECT = "Approve", "Reject"


class ApprovedAssetOperator(AssetOperator, HITLOperator):
    """Makes a step's value, keeps it aside, and asks; then publishes or drops it.

    While it waits the task has no worker. A value that needs no approval, or was decided about before, is not asked
    about. Who decided is in FlowStone's log of decisions, and in the record of the value.
    Errors: as ``AssetOperator``; HITLTimeoutError if nobody decided in time and the asset is to fail then.
    """

    template_fields: Sequence[str] = ("code",)
    """Not the question: braces in it mean themselves."""

    def __init__(self, *, message: str, timeout: timedelta | None = None, **kwargs: Any) -> None:
        kwargs = {"subject": message, "options": [APPROVE, REJECT], **kwargs}
        super().__init__(**kwargs)
        if timeout is not None:  # given before, it would be taken for the time to decide
            self.execution_timeout = timeout + STARTING

    def execute(self, context: Any) -> Any:
        """Make the value, and ask if that is necessary."""
        outcome = self.make(context)
        if outcome.status == "waiting":
            return HITLOperator.execute(self, context)
        return self.tell(outcome, context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Go on with what was decided."""
        from flowstone.runtime.decisions import TIMEOUT, Event, decisions_of

        answer = HITLOperator.execute_complete(self, context, event)
        user = answer["responded_by_user"]
        workspace = workspace_of(self)
        log = decisions_of(workspace)
        (asset,) = workspace.step(self.task_id).outputs
        asked = log.last().get((asset.id, self.partition(context)))
        if asked is not None and asked.event == "asked":  # else somebody decided by a command meanwhile
            decided: Event = "approved" if answer["chosen_options"] == [APPROVE] else "rejected"
            log.answer(asked, decided, TIMEOUT if user is None else str(user["name"] or user["id"]), "")
        return self.tell(self.make(context), context)
