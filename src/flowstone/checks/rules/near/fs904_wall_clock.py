"""FS904: an asset whose value depends on when it is made."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.reruns import is_reused
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity
from flowstone.ir.asset import Step


def check(subject: Subject) -> Iterator[Finding]:
    for fact, owner in subject.deeds("clock", counts=is_reused):
        partitioned = isinstance(owner, Step) and owner.partitions is not None
        yield Finding(
            f"the value of {fact.owner!r} depends on when it is made: {fact.what!r} gets into it",
            fact.location,
            help="take the time from ctx.partition; when a value was made is in its record"
            if partitioned
            else "write cache=False if it is to be made anew each time, or take the time as a config parameter; "
            "when a value was made is in its record",
            related=((owner.location, "the asset"), *(() if fact.inside is None else ((fact.inside, "here"),))),
        )


RULE = Rule(
    code="FS904",
    name="wall-clock",
    severity=Severity.WARNING,
    summary="What the clock says gets into the value of an asset that is partitioned or reused",
    why="Made again, for the same partition and of the same inputs, the value would be another: a backfill of last "
    "year would see today. Without partitions a stored value is reused as long as code and inputs are the same, "
    "however old the day in it is.",
    bad="""\
from datetime import date

from flowstone import Context, DailyPartitions, asset

days = DailyPartitions(start="2024-01-01", timezone="UTC")


@asset(partitioned_by=days)
def title() -> str:
    return f"Sales of {date.today()}"  # <- here
""",
    good="""\
from flowstone import Context, DailyPartitions, asset

days = DailyPartitions(start="2024-01-01", timezone="UTC")


@asset(partitioned_by=days)
def title(ctx: Context) -> str:
    return f"Sales of {ctx.partition.date}"
""",
    check=check,
)
