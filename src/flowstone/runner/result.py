"""What one attempt to run a task came to, in a form that can be sent between processes."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

from flowstone.runtime.run import Run


class Order(Struct, frozen=True, gc=False):
    """One attempt to run a task."""

    step: str
    partition: str | None
    run_id: str
    attempt: int = 1
    force: bool = False
    failed: tuple[tuple[str, str | None], ...] = ()
    """What the run could not make and the step, a join, does without."""
    continues: tuple[str, ...] = ()
    """Ids of the runs that this one goes on with."""

    @property
    def run(self) -> Run:
        """The run that the attempt is a part of."""
        return Run(self.run_id, "local", self.attempt, self.failed, tuple(self.continues))


class Failure(Struct, frozen=True, gc=False):
    """Why an attempt failed."""

    kind: str
    """Name of the exception's class."""
    message: str
    help: str | None = None
    traceback: str = ""
    """The user's frames only; empty if no code of the user was involved."""
    retryable: bool = True
    """Whether the step's retry policy covers it."""
    output: str = ""
    """The last lines that the function printed, where they were captured."""


class Result(Struct, frozen=True, gc=False):
    """How an attempt ended."""

    status: Literal["materialized", "reused", "skipped", "waiting", "failed"]
    """``skipped``: a route chose another branch, or the value was rejected; ``waiting``: somebody has to approve it."""
    elapsed: float
    """Seconds."""
    rows: int | None = None
    """Of all outputs, as far as they say."""
    size: int = 0
    """Bytes stored."""
    warnings: tuple[str, ...] = ()
    """Names of the checks that failed without blocking."""
    failure: Failure | None = None
    reason: str = ""
    """Why it was skipped, or what it waits for."""

    @classmethod
    def from_json(cls, sent: dict[str, Any]) -> Result:
        """What was sent by ``to_json``."""
        failure, warnings = sent["failure"], tuple(sent["warnings"])
        return cls(**{**sent, "warnings": warnings, "failure": None if failure is None else Failure(**failure)})

    def to_json(self) -> dict[str, Any]:
        """What is sent and shown."""
        return {**asdict(self), "failure": None if self.failure is None else asdict(self.failure)}
