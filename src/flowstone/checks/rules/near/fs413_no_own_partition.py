"""FS413: a function reads a partition that there is not."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.own_partitions import Made, facts_of_partitions
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.dsl.partitions import MultiPartitions, Partitions, TimePartitions
from flowstone.ir.body import BodyFact

_DATE = "date"


def check(subject: Subject) -> Iterator[Finding]:
    for fact, made in facts_of_partitions(subject, "reads partition"):
        # a function that is declared many times may know which of its assets are partitioned
        if all(item.partitions is None for item in made):
            yield _missing(fact, made[0])
        elif fact.what == _DATE and not any(_has_date(item.partitions) for item in made):
            yield _without_date(fact, next(item for item in made if item.partitions is not None))


def _has_date(partitions: Partitions | None) -> bool:
    if isinstance(partitions, MultiPartitions):
        return len(partitions.times) == 1
    return isinstance(partitions, TimePartitions)


def _missing(fact: BodyFact, made: Made) -> Finding:
    return Finding(
        f"{fact.owner!r} reads the {fact.what} of its partition, and has none",
        fact.location,
        help="write partitioned_by=, or ask for it first: if ctx.partition is not None",
        related=((made.place, "this is not partitioned"),),
    )


def _without_date(fact: BodyFact, made: Made) -> Finding:
    several = list(made.partitions.times) if isinstance(made.partitions, MultiPartitions) else []
    advice = f'ctx.partition.dimensions["{several[0]}"].date is one of them' if several else "write ctx.partition.key"
    return Finding(
        f"{fact.owner!r} reads the date of its partition, and its keys have {'several' if several else 'none'}",
        fact.location,
        help=advice,
        related=((made.place, "its partitions"),),
    )


RULE = Rule(
    code="FS413",
    name="no-own-partition",
    summary="A function reads the partition of an asset that has none, or a date that its keys have not",
    why="`ctx.partition` is None for an asset without `partitioned_by=`, and only periods have a date: the run ends "
    "with an exception. A function that asks first (`if ctx.partition`), or tries, is left alone.",
    bad="""\
from flowstone import Context, asset


@asset
def orders(ctx: Context) -> str:
    return ctx.partition.key  # <- here
""",
    good="""\
from flowstone import Context, DailyPartitions, asset


@asset(partitioned_by=DailyPartitions(start="2024-01-01"))
def orders(ctx: Context) -> str:
    return ctx.partition.key
""",
    check=check,
)
