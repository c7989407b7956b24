"""FS302: an asset that does not say what it is."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity
from flowstone.fixes.signatures import add_return


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        if step.signature.returns is None and not step.choices:
            yield Finding(
                f"{step.id!r} does not say what it returns",
                step.location,
                fix=None if len(step.outputs) > 1 else add_return(to_span(step.location)),
                help="annotate the function, as in -> list[int]; -> None if only its effect counts",
            )
        for word, handler in step.gate.handlers.items() if step.gate is not None else ():
            if handler.returns is None:
                yield Finding(
                    f"{word} of {step.id!r} does not say what it returns",
                    handler.location,
                    fix=add_return(to_span(handler.location)),
                    help="annotate the function: what it returns is the asset's value",
                )


RULE = Rule(
    code="FS302",
    name="missing-return-annotation",
    severity=Severity.WARNING,
    summary="An asset's function has no return annotation",
    why="Nothing that reads the asset can be checked, nor whether its IO manager can store it.",
    bad="""\
from flowstone import asset


@asset
def orders():  # <- here
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]
""",
    check=check,
    fixes=(Remedy("annotates a function that returns values written out, as in `return 0`"),),
)
