"""FS307: an option whose value the IO manager refuses."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.option_errors import option_errors
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for error in option_errors(subject, "invalid"):
        option = f"the option {error.option!r}" if error.option else "the options"
        yield Finding(f"{error.owner}: {option} of IO manager type {error.manager_type}: {error.reason}", error.at)


RULE = Rule(
    code="FS307",
    name="invalid-io-option",
    summary="An option of the IO manager has a value that it refuses",
    why="The value could not be stored, or outside the store's folder.",
    bad="""\
from flowstone import asset


@asset(path="../orders.json")  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset(path="sales/orders.json")
def orders() -> list[int]:
    return [1, 2]
""",
    scope="near",
    check=check,
)
