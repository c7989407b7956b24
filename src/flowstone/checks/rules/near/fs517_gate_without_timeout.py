"""FS517: a gate that waits for ever."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        if step.gate is not None and step.gate.timeout is None:
            yield Finding(
                f"{step.id!r} waits for a signal without an end",
                step.keywords.get("signal_gate", step.location),
                help='say how long the answer may take, as in SignalGate(timeout="1h")',
            )


RULE = Rule(
    code="FS517",
    name="gate-without-timeout",
    summary="A `SignalGate` has no timeout",
    why="An answer that never comes would be noticed by nobody: the asset waits, what reads it waits with it, and no "
    "run fails.",
    bad="""\
from flowstone import Signal, SignalGate, asset


@asset(signal_gate=SignalGate())  # <- here
def review() -> Signal:
    return Signal(token="review")


@review.on_signal
def reviewed(payload: str) -> str:
    return payload
""",
    good="""\
from flowstone import Signal, SignalGate, asset


@asset(signal_gate=SignalGate(timeout="2d"))
def review() -> Signal:
    return Signal(token="review")


@review.on_signal
def reviewed(payload: str) -> str:
    return payload
""",
    check=check,
)
