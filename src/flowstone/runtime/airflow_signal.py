"""The operator of steps that wait for a signal. Generated DAGs import it only where there are any."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator, timezone
from airflow.sdk.exceptions import AirflowRescheduleException

from flowstone.runtime.airflow import POKE_INTERVAL, AssetOperator


class SignalledAssetOperator(AssetOperator, BaseSensorOperator):
    """Asks somebody outside, and makes the step's value of the answer.

    It looks into FlowStone's log of signals every ``poke_interval`` seconds. Between two looks the task has no worker,
    and the next one is no further try. What was asked for is written down there, so that it is asked once.
    Errors: as ``AssetOperator``; AirflowFailException if no answer came in time and there is no ``on_timeout``.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"mode": "reschedule", "poke_interval": POKE_INTERVAL, **kwargs})

    def execute(self, context: Any) -> None:
        """Make the value if the answer is there."""
        outcome = self.make(context)
        if outcome.status == "waiting":
            self.log.info(outcome.reason)
            raise AirflowRescheduleException(timezone.utcnow() + timedelta(seconds=self.poke_interval))
        self.tell(outcome, context)
