"""FS907: an asset that changes what its module holds."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity


def check(subject: Subject) -> Iterator[Finding]:
    for fact, owner in subject.deeds("changes"):
        yield Finding(
            f"{fact.owner!r} changes {fact.what!r}, which belongs to the module",
            fact.location,
            help="return what others need, as a value or in a dict of outputs",
            related=((owner.location, "the asset") if fact.inside is None else (fact.inside, "made here, on import"),),
        )


RULE = Rule(
    code="FS907",
    name="module-state",
    severity=Severity.WARNING,
    summary="An asset changes a value that its module holds",
    why="Each task runs in a process of its own, on another machine perhaps: nobody else sees the change. Where they "
    "share one, it depends on what ran before; and a value that is reused changes nothing.",
    bad="""\
from flowstone import asset

SKIPPED: list[int] = []


@asset
def orders(rows: int = 3) -> list[int]:
    for row in range(rows):
        if row > 1:
            SKIPPED.append(row)  # <- here
    return list(range(rows))
""",
    good="""\
from flowstone import Output, asset


@asset(outputs={"orders": Output(), "skipped": Output()})
def split(rows: int = 3) -> tuple[list[int], list[int]]:
    return [row for row in range(rows) if row <= 1], [row for row in range(rows) if row > 1]
""",
    check=check,
)
