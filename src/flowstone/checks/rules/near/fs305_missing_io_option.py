"""FS305: an option that the IO manager cannot do without."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.option_errors import option_errors
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for error in option_errors(subject, "missing"):
        yield Finding(
            f"{error.owner} lacks the option {error.option!r}, which IO managers of type {error.manager_type} need",
            error.at,
            help=f"add it: {error.option}=...",
        )


RULE = Rule(
    code="FS305",
    name="missing-io-option",
    summary="An option that the IO manager needs is not given",
    why="The value could not be stored: the manager would not know where.",
    bad="""\
from flowstone import asset


@asset(io_manager="warehouse")  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset(io_manager="warehouse", table="orders")
def orders() -> list[int]:
    return [1, 2]
""",
    check=check,
    config="""\
[io_managers.warehouse]
type = "tables"  # a plug-in whose assets each need a table
""",
)
