"""What a materialization came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flowstone.io.record import Record

Status = Literal["materialized", "reused"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step that succeeded for one partition."""

    step: str
    """Id of the step."""
    partition: str | None
    status: Status
    """``reused``: what is stored was made by the same code with the same configuration from the same inputs."""
    records: tuple[Record, ...]
    """One for each output, in order."""
