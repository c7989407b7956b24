"""A rate that calls must not exceed: each waits until its time has come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from flowstone.dsl.scatter import interval


class Pace:
    """The times at which calls may begin, spread evenly. Threads may share it."""

    def __init__(self, rate: str, clock: Callable[[], float] = time.monotonic) -> None:
        """``rate`` is that of ``Scatter``. Errors: ValueError for one that is none."""
        self._interval = interval(rate)
        self._clock = clock
        self._next = clock()
        self._lock = threading.Lock()

    def delay(self) -> float:
        """Take the next time: how many seconds it is away."""
        with self._lock:
            now = self._clock()
            begin = max(now, self._next)
            self._next = begin + self._interval
            return begin - now
