"""FS307: an option whose value the IO manager refuses."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.option_errors import option_errors
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.fixes.respell import respell


def check(subject: Subject) -> Iterator[Finding]:
    for error in option_errors(subject, "invalid"):
        option = f"the option {error.option!r}" if error.option else "the options"
        yield Finding(
            f"{error.owner}: {option} of IO manager type {error.manager_type}: {error.reason}",
            error.at,
            fix=None if error.meant is None else respell(to_span(error.at), *error.meant),
        )
    yield from _conflicts(subject)


def _conflicts(subject: Subject) -> Iterator[Finding]:
    for read in subject.read_options.values():
        if isinstance(read.options, ValidationError):
            continue
        manager = subject.project.io_managers[read.asset.storage.manager]
        reason = subject.managers[read.asset.storage.manager].conflict(read.options, manager.options)
        if reason is not None:
            yield Finding(
                f"asset {read.asset.id!r} does not go with IO manager {read.asset.storage.manager!r}: {reason}",
                subject.keyword(read.asset, "format", "io", "io_manager"),
            )


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
    check=check,
    fixes=(Remedy("writes the value that is clearly meant"),),
    fixable="""\
from flowstone import asset


@asset(format="jsno")  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
)
