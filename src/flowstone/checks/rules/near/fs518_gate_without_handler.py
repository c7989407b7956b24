"""FS518: a gate, and no function that takes the answer."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        if step.gate is None or step.gate.on_signal is not None:
            continue
        name = step.function.name
        yield Finding(
            f"{step.id!r} waits for a signal, and nothing takes it",
            step.keywords.get("signal_gate", step.location),
            help=f"write below it, in the same module: @{name}.on_signal, and a function that takes payload",
        )


RULE = Rule(
    code="FS518",
    name="gate-without-handler",
    summary="An asset waits for a signal, and no `on_signal` makes its value of the answer",
    why="When the answer comes, there is no function to make the asset's value.",
    bad="""\
from flowstone import Signal, SignalGate, asset


@asset(signal_gate=SignalGate(timeout="1h"))  # <- here
def review() -> Signal:
    return Signal(token="review")
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
    check=check,
)
