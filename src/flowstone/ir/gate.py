"""The gate of a step that asks somebody outside for a value."""

from __future__ import annotations

from flowstone.dsl.signals import HandlerWord
from flowstone.ir.function import FunctionRef
from flowstone.ir.node import Location, Node
from flowstone.ir.types import TypeExpr


class Handler(Node):
    """A function that makes the step's value of the answer, or for want of one.

    What else its parameters are bound to stands in the signature of the step, with the handler's name.
    """

    function: FunctionRef
    """The key is that of the step, whose function knows its handlers."""
    context: str | None = None
    """Name of the parameter that receives the ``Context``."""
    payload: str | None = None
    """Name of the parameter that receives the answer."""
    payload_type: TypeExpr | None = None
    signal: str | None = None
    """Name of the parameter that receives what the step's function returned."""
    returns: TypeExpr | None = None
    location: Location


class Gate(Node):
    """What ``signal_gate`` says, and the handlers."""

    timeout: float | None = None
    """Seconds."""
    request: str = ""
    """Fingerprint of the step's function alone: what it asked for is waited for as long as it stays the same."""
    on_signal: Handler | None = None
    on_timeout: Handler | None = None

    @property
    def handlers(self) -> dict[HandlerWord, Handler]:
        """Those that there are."""
        found: dict[HandlerWord, Handler | None] = {"on_signal": self.on_signal, "on_timeout": self.on_timeout}
        return {word: handler for word, handler in found.items() if handler is not None}
