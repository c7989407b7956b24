"""The crew of one thread's orders, in a process of a Ray cluster."""

from __future__ import annotations

from typing import Any

from flowstone.runner.crew import Crew
from flowstone.runner.result import Order


class RayCrew:
    """What Ray makes an actor of: a process that carries out one order after the other."""

    def __init__(self, manifest: str, root: str, within: str | None) -> None:
        self._arguments = manifest, root, within
        self._crew: Crew | None = None

    def carry_out(self, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The result of an order in the form that can be sent, and what was printed. Errors: as of ``Crew``."""
        if self._crew is None:  # an error of an actor that is being made would be hidden in one of Ray's
            self._crew = Crew(*self._arguments)
        return self._crew.carry_out(Order(**order))

    def close(self) -> None:
        """Kill what it is doing and leave nothing."""
        if self._crew is not None:
            self._crew.close()
