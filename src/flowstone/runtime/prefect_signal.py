"""Waiting for a signal, in a flow run: it looks into FlowStone's log from time to time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from flowstone.runtime.reasons import Place
from flowstone.runtime.signals import Event, signals_of
from flowstone.runtime.workspace import Workspace

POLL = 10.0
"""Seconds between two looks."""


def await_signal(workspace: Workspace, place: Place) -> None:
    """Come back once the signal was sent that an asset and partition waits for, or its time is over."""
    log = signals_of(workspace)
    while (wait := log.waiting(place)) is not None and log.talk(wait.token).sent is None and not wait.is_over:
        time.sleep(_pause(wait))


def _pause(wait: Event) -> float:
    if wait.until is None:
        return POLL
    return min(POLL, max(0.0, (wait.until - datetime.now(UTC)).total_seconds()))
