"""FS316: a default that is not what its annotation says."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.config_values import is_of_type
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for name, signature in subject.signatures():
        for parameter in signature.config:
            if parameter.type is not None and not is_of_type(subject.types, parameter.type, parameter.default):
                yield Finding(
                    f"the default of {parameter.name!r} in {name!r} is no {parameter.type}",
                    parameter.location,
                    help="change the default or the annotation",
                )


RULE = Rule(
    code="FS316",
    name="default-mismatch",
    summary="The default of a config parameter does not fit its annotation",
    why="The function is written for the annotated type, and runs with the default unless something is configured. "
    "Forms and run parameters of engines are made from the annotation too.",
    bad="""\
from flowstone import asset


@asset
def orders(limit: int = "all") -> list[int]:  # <- here
    return list(range(limit))
""",
    good="""\
from flowstone import asset


@asset
def orders(limit: int = 100) -> list[int]:
    return list(range(limit))
""",
    check=check,
)
