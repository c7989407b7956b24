"""FS412: a function asks its own partition for a dimension that there is not."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.own_partitions import Made, facts_of_partitions
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.dsl.partitions import MultiPartitions, Partitions
from flowstone.fixes.respell import respell
from flowstone.ir.body import BodyFact

_PLAIN = "partitions without dimensions have one key: ctx.partition.key, or .date where it is a period"


def check(subject: Subject) -> Iterator[Finding]:
    for fact, made in facts_of_partitions(subject, "asks dimension"):
        known = [item for item in made if item.partitions is not None]
        # a function that is declared many times may know which of its assets have the dimension
        if len(known) == len(made) and not any(fact.what in _names(item.partitions) for item in known):
            yield _unknown(fact, known[0])


def _names(partitions: Partitions | None) -> list[str]:
    return list(partitions.by_name) if isinstance(partitions, MultiPartitions) else []


def _unknown(fact: BodyFact, made: Made) -> Finding:
    known = _names(made.partitions)
    near = nearest(fact.what, known)
    there = f"there are: {', '.join(known)}" if known else _PLAIN
    return Finding(
        f"{fact.owner!r} asks its partition for the dimension {fact.what!r}, which it does not have",
        fact.location,
        help=did_you_mean(fact.what, known) or there,
        related=((made.place, "its partitions"),),
        fix=None if near is None else respell(to_span(fact.location), fact.what, near),
    )


RULE = Rule(
    code="FS412",
    name="unknown-own-dimension",
    summary="A function asks its partition for a dimension that the asset's partitions do not have",
    why="`ctx.partition.dimensions` has the names that `MultiPartitions` gives: for any other one the run ends with a "
    'KeyError. A dimension that the function asks for first (`"region" in ...`, `.get(...)`), or tries, is none.',
    bad="""\
from flowstone import Context, DailyPartitions, MultiPartitions, StaticPartitions, asset

days = DailyPartitions(start="2024-01-01")


@asset(partitioned_by=MultiPartitions(day=days, region=StaticPartitions("eu", "us")))
def orders(ctx: Context) -> str:
    return ctx.partition.dimensions["regoin"].key  # <- here
""",
    good="""\
from flowstone import Context, DailyPartitions, MultiPartitions, StaticPartitions, asset

days = DailyPartitions(start="2024-01-01")


@asset(partitioned_by=MultiPartitions(day=days, region=StaticPartitions("eu", "us")))
def orders(ctx: Context) -> str:
    return ctx.partition.dimensions["region"].key
""",
    check=check,
    fixes=(Remedy("writes the name that is clearly meant"),),
)
