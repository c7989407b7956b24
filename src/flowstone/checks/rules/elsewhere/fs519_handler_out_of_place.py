"""FS519: a handler of what waits for no signal, or one that the asset's module does not hold."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS519",
    name="handler-out-of-place",
    summary="`on_signal` or `on_timeout` of what has no `signal_gate`, or in another module than the asset",
    why="Only an asset with a gate has these decorators, so the import of the module fails. A worker imports the "
    "module of the asset: handlers in another one are not known there.",
    bad="""\
from flowstone import asset


@asset
def review() -> str:
    return "fine"


@review.on_signal
def reviewed(payload: str) -> str:  # <- here
    return payload
""",
    good="""\
from flowstone import Signal, SignalGate, asset


@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> Signal:
    return Signal(token="review")


@review.on_signal
def reviewed(payload: str) -> str:
    return payload
""",
)
