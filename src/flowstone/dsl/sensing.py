"""What a sensor returns: the runs that it asks for, and how far it has read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RunRequest:
    """A run of the sensor's job.

    Errors: TypeError or ValueError for a key that is no text, or is empty.
    """

    key: str
    """What the run is for: a file's name, the id of a message. The same key never starts a second run."""
    partition: str | None = None
    """A key of the job's partitions. None: of periods the last one that is over, as if a clock had started the run."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Values of config parameters, by ``"asset.parameter"``."""

    def __post_init__(self) -> None:
        if not isinstance(self.key, str):
            raise TypeError(f"the key of a run request must be a text, not {self.key!r}")
        if not self.key:
            raise ValueError("the key of a run request is empty")


@dataclass(frozen=True)
class SensorResult:
    """What one look at the outside came to."""

    requests: Sequence[RunRequest] = ()
    cursor: str | None = None
    """What the next call receives. None: the same as this one."""
