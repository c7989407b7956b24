"""FS522: the function of an asset with a gate that returns something else than what it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject

_SIGNAL = "flowstone.Signal"
_ANYTHING = frozenset({"object", "?"})


def check(subject: Subject) -> Iterator[Finding]:
    classes, supertypes = subject.project.classes, subject.types.supertypes
    for step in subject.project.steps.values():
        returns = step.signature.returns
        if step.gate is None or returns is None:
            continue
        others = [member for member in returns.members if member.name not in (_SIGNAL, *_ANYTHING, *classes)]
        if any(supertypes.is_known(member.name) for member in others):
            yield Finding(
                f"{step.id!r} waits for a signal, and is annotated {returns}",
                step.keywords.get("returns", step.location),
                help="return Signal(token=...), and annotate it -> Signal; what on_signal returns is the asset's value",
            )


RULE = Rule(
    code="FS522",
    name="request-without-signal",
    summary="The function of an asset with a `signal_gate` is not annotated `-> Signal`",
    why="It only asks: what it returns is the token by which the answer is known. The asset's value is what "
    "`on_signal` returns.",
    bad="""\
from flowstone import SignalGate, asset


@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> str:  # <- here
    return "review"


@review.on_signal
def reviewed(payload: str) -> str:
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
    check=check,
)
