"""What a materialization came to."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from flowstone.io.record import Record

Status = Literal["materialized", "reused", "skipped", "waiting"]


class Outcome(Struct, frozen=True, gc=False):
    """A step that is done for one partition."""

    step: str
    """Id of the step."""
    partition: str | None
    status: Status
    """``reused``: what is stored was made by the same code with the same configuration from the same inputs;
    ``skipped``: a route chose another branch, or the value was rejected; ``waiting``: somebody has to approve it."""
    records: tuple[Record, ...]
    """One for each output, in order; none if it was skipped or waits."""
    reason: str = ""
    """Why it was skipped, or what it waits for."""
