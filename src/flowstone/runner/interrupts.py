"""Ctrl-C and SIGTERM in two steps: the first lets what is running end, the second stops at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

GRACE = 4.0
"""Seconds that running attempts have to end after the first."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: an interruption like Ctrl-C, with an exit code of its own."""


class Interrupts:
    """What signals have asked for."""

    def __init__(self) -> None:
        self.asked: type[KeyboardInterrupt] | None = None
        """Of the first signal; None as long as there was none."""
        self.at_once = False
        """Whether the first one already raises: when user code runs in the thread that receives signals."""

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Receive SIGINT and SIGTERM, if this is the main thread."""
        try:
            before = {number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)}
        except ValueError:  # it is not
            yield
            return
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        error = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        if self.at_once or self.asked is not None:
            raise error
        self.asked = error
