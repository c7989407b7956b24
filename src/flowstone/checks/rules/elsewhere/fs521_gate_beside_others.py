"""FS521: a gate beside another word that decides what becomes of the value."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS521",
    name="gate-beside-others",
    summary="An asset waits for a signal, and has `scatter`, `checkpoint` or `outputs` as well",
    why="The function only asks, and a handler makes one value of one answer: there are no items to go through, "
    "nothing to share out among outputs, and two waits for one value would hide each other.",
    bad="""\
from flowstone import Approval, Signal, SignalGate, asset


@asset(
    signal_gate=SignalGate(timeout="1h"),  # <- here
    checkpoint=Approval("Publish?"),
)
def review() -> Signal:
    return Signal(token="review")


@review.on_signal
def reviewed(payload: str) -> str:
    return payload
""",
    good="""\
from flowstone import Approval, Signal, SignalGate, asset


@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> Signal:
    return Signal(token="review")


@review.on_signal
def reviewed(payload: str) -> str:
    return payload


@asset(checkpoint=Approval("Publish?"))
def published(review: str) -> str:
    return review
""",
)
