"""FS520: two functions for the same event of one gate."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS520",
    name="duplicate-handler",
    summary="An asset has two functions for `on_signal`, or two for `on_timeout`",
    why="The second takes the place of the first, which is never called.",
    bad="""\
from flowstone import Signal, SignalGate, asset


@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> Signal:
    return Signal(token="review")


@review.on_signal
def reviewed(payload: str) -> str:
    return payload


@review.on_signal
def not_reviewed() -> str:  # <- here
    return "late"
""",
    good="""\
from flowstone import Signal, SignalGate, asset


@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> Signal:
    return Signal(token="review")


@review.on_signal
def reviewed(payload: str) -> str:
    return payload


@review.on_timeout
def not_reviewed() -> str:
    return "late"
""",
)
