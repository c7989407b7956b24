"""FS302: an asset that does not say what it is."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        if step.signature.returns is None:
            yield Finding(
                f"{step.id!r} does not say what it returns",
                step.location,
                help="annotate the function, as in -> list[int]; -> None if only its effect counts",
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
    scope="near",
    check=check,
)
