"""FS409: keys that are added to a registry by which nothing is partitioned."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.fixes.respell import respell


def check(subject: Subject) -> Iterator[Finding]:
    if not subject.complete:
        return
    for fact, owner in subject.deeds("adds partitions"):
        known = subject.project.registries
        if fact.what and fact.what not in known:
            near = nearest(fact.what, known)
            there = f"there are: {', '.join(known)}" if known else "write partitioned_by=DynamicPartitions(...)"
            yield Finding(
                f"{fact.owner!r} adds keys to the registry {fact.what!r}, and no asset is partitioned by it",
                fact.location,
                help=did_you_mean(fact.what, known) or there,
                related=((owner.location, "the function"),),
                fix=None if near is None else respell(to_span(fact.location), fact.what, near),
            )


RULE = Rule(
    code="FS409",
    name="unknown-registry",
    summary="A function adds keys to a registry by which no asset is partitioned",
    why="The name is misspelt: the keys would not become partitions of anything, and the run would fail.",
    bad="""\
from flowstone import Context, DynamicPartitions, asset

customers = DynamicPartitions("customers")


@asset
def signed(ctx: Context) -> list[str]:
    ctx.add_partitions("customer", ["acme"])  # <- here
    return ["acme"]


@asset(partitioned_by=customers)
def orders() -> int:
    return 1
""",
    good="""\
from flowstone import Context, DynamicPartitions, asset

customers = DynamicPartitions("customers")


@asset
def signed(ctx: Context) -> list[str]:
    ctx.add_partitions("customers", ["acme"])
    return ["acme"]


@asset(partitioned_by=customers)
def orders() -> int:
    return 1
""",
    check=check,
    fixes=(Remedy("writes the name that is clearly meant"),),
)
