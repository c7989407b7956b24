"""A value that somebody has to approve before anybody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from flowstone.dsl.duration import Duration, seconds
from flowstone.dsl.frozen import dataclass

OnTimeout = Literal["reject", "approve", "fail"]


@dataclass(frozen=True)
class Approval:
    """The value is made and kept aside. It is published, and what needs it runs, once somebody approved it.

    Errors: ValueError for an empty message, a timeout of nothing, or an ``on_timeout`` without one.
    """

    message: str
    """What whoever decides is asked."""
    timeout: Duration | None = None
    """How long the value waits. Without it there is no end to that. Kept as seconds."""
    on_timeout: OnTimeout | None = None
    """What holds when the time is over: ``reject`` (the default), ``approve``, or ``fail``: the asset fails."""
    approvers: Sequence[str] = ()
    """Names of those who may decide; empty means anybody."""
    when: str | None = None
    """Name of a function of the same module that takes the value and says whether it has to be approved."""

    def __post_init__(self) -> None:
        if not self.message.strip():
            raise ValueError("message must say what is asked")
        if self.timeout is None and self.on_timeout is not None:
            raise ValueError("on_timeout says what holds after a timeout, and there is none")
        if self.timeout is not None:
            object.__setattr__(self, "timeout", seconds(self.timeout))
            if not self.timeout:
                raise ValueError("timeout must be longer than nothing")
        object.__setattr__(self, "approvers", tuple(self.approvers))
