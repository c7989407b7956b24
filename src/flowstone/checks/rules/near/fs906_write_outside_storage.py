"""FS906: an asset that writes files by itself."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.reruns import leaves_writing
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity


def check(subject: Subject) -> Iterator[Finding]:
    for fact, owner in subject.deeds("writes", counts=leaves_writing):
        yield Finding(
            f"{fact.owner!r} writes or removes a file by itself, past its IO manager",
            fact.location,
            help="return what is to be stored; annotate -> Path to store a file, -> None if only the effect counts; "
            "use tempfile for what is needed in between",
            related=((owner.location, "the asset"),),
        )


RULE = Rule(
    code="FS906",
    name="write-outside-storage",
    severity=Severity.WARNING,
    summary="An asset writes or removes files by itself, at a path that is written down",
    why="Such a file is written in place, so that readers may see half of it; two partitions write to the same one; it "
    "has no record; and if the asset's value is reused, it is not written at all.",
    bad="""\
import json

from flowstone import asset


@asset
def report() -> dict[str, int]:
    totals = {"EUR": 1}
    with open("reports/latest.json", "w") as file:  # <- here
        json.dump(totals, file)
    return totals
""",
    good="""\
from flowstone import asset


@asset(path="reports/latest.json", format="json")
def report() -> dict[str, int]:
    return {"EUR": 1}
""",
    check=check,
)
