"""How a failed asset is tried again."""

from __future__ import annotations

from collections.abc import Sequence

from flowstone.dsl.duration import Duration, seconds
from flowstone.dsl.frozen import dataclass


@dataclass(frozen=True)
class Retry:
    """Try again after a failure.

    Errors: ValueError for a negative number, delay or jitter, or a backoff below 1.
    """

    max_retries: int
    """How many further attempts follow the first."""
    delay: Duration = 0.0
    """Wait before the first retry; kept as seconds."""
    backoff: float = 1.0
    """Each further wait is this many times the one before."""
    jitter: float = 0.0
    """Share of the wait by which it is randomly lengthened, 0 to 1."""
    on: Sequence[str | type[BaseException]] = ()
    """Exceptions worth a retry, as classes or dotted names; empty means every exception. Kept as dotted names."""

    def __post_init__(self) -> None:
        if isinstance(self.max_retries, bool) or not isinstance(self.max_retries, int) or self.max_retries < 0:
            raise ValueError(f"max_retries must be a whole number from 0, not {self.max_retries!r}")
        if self.backoff < 1:
            raise ValueError(f"backoff must be at least 1, not {self.backoff!r}")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter must be between 0 and 1, not {self.jitter!r}")
        object.__setattr__(self, "delay", seconds(self.delay))
        object.__setattr__(self, "on", tuple(dotted_name(item) for item in self.on))

    def wait(self, retry: int) -> float:
        """Seconds before the given retry (from 1), without jitter."""
        return seconds(self.delay) * self.backoff ** (retry - 1)


def dotted_name(exception: str | type[BaseException]) -> str:
    """The dotted name under which an exception class can be imported: ``"builtins.ValueError"``."""
    if isinstance(exception, str):
        return exception if "." in exception else f"builtins.{exception}"
    return f"{exception.__module__}.{exception.__qualname__}"
