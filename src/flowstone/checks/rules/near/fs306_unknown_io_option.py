"""FS306: an option that the IO manager does not have."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.option_errors import option_errors
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.fixes.respell import respell


def check(subject: Subject) -> Iterator[Finding]:
    for error in option_errors(subject, "unknown"):
        there_are = f"it has: {', '.join(error.accepted)}" if error.accepted else "it has no options"
        near = nearest(error.option, error.accepted)
        yield Finding(
            f"{error.owner}: IO managers of type {error.manager_type} have no option {error.option!r}",
            error.at,
            help=did_you_mean(error.option, error.accepted) or there_are,
            fix=None if near is None else respell(to_span(error.at), error.option, near),
        )


RULE = Rule(
    code="FS306",
    name="unknown-io-option",
    summary="An option is given that the IO manager does not have",
    why="It would be ignored, and the value stored elsewhere or otherwise than was meant.",
    bad="""\
from flowstone import asset


@asset(table="orders")  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset(path="orders.json")
def orders() -> list[int]:
    return [1, 2]
""",
    check=check,
    fixes=(Remedy("writes the name that is clearly meant"),),
    fixable="""\
from flowstone import asset


@asset(io={"formt": "json"})  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
)
