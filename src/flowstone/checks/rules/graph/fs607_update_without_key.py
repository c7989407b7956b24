"""FS607: a schedule whose updates tell no partition of what the job makes."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.schedules import Updated, updates
from flowstone.checks.subject import Subject
from flowstone.dsl.mappings import IncompatiblePartitionsError, arity
from flowstone.dsl.partitions import Partitions
from flowstone.ir.node import Location
from flowstone.ir.registries import is_told_by_registries


def check(subject: Subject) -> Iterator[Finding]:
    for update in updates(subject.project):
        scheduled = update.scheduled
        ours = [subject.project.steps[step].partitions for step in scheduled.steps if step in subject.project.steps]
        definitions = [item for item in ours if item is not None]
        if not ours or len(definitions) < len(ours):
            continue  # what has no partitions is made after any update
        for asset in update.assets:
            reason = _reason(subject.project.assets[asset].partitions, definitions)
            if reason is not None:
                yield Finding(
                    f"{scheduled.owner} runs after {asset!r}, whose updates tell none of its partitions: {reason}",
                    scheduled.location,
                    help="partition both alike, or let a clock start the job",
                    related=((_place(subject, asset), f"{asset!r} is declared here"), *_ours(subject, update)),
                )


def _reason(theirs: Partitions | None, definitions: list[Partitions]) -> str | None:
    """Why no key of the asset leads to a key of the job; None if one does."""
    if theirs is None:
        if any(map(is_told_by_registries, definitions)):
            return None  # all keys that the registries have
        return "it has no partitions"
    reason = None
    for definition in definitions:
        try:
            arity(definition, theirs, None)
        except IncompatiblePartitionsError as error:
            reason = str(error)
        else:
            return None
    return reason


def _place(subject: Subject, asset: str) -> Location:
    return subject.project.assets[asset].location


def _ours(subject: Subject, update: Updated) -> Iterator[tuple[Location, str]]:
    step = subject.project.steps[update.scheduled.steps[0]]
    yield step.keywords.get("partitioned_by", step.location), "the job makes these partitions"


RULE = Rule(
    code="FS607",
    name="update-without-key",
    summary="A job of partitions runs after an asset whose updates tell no partition of it",
    why="A run makes one partition. The update says which one, if it is of a partition that belongs to it.",
    bad="""\
from flowstone import DailyPartitions, Job, OnUpdate, asset


@asset
def customers() -> list[str]:
    return ["ann", "bob"]


@asset(partitioned_by=DailyPartitions(start="2024-01-01"))
def orders(customers: list[str]) -> int:
    return len(customers)


daily = Job("daily", select="orders", schedule=OnUpdate("customers"))  # <- here
""",
    good="""\
from flowstone import DailyPartitions, Job, OnUpdate, asset

days = DailyPartitions(start="2024-01-01")


@asset(partitioned_by=days)
def visits() -> list[str]:
    return ["ann", "bob"]


@asset(partitioned_by=days)
def orders(visits: list[str]) -> int:
    return len(visits)


daily = Job("daily", select="orders", schedule=OnUpdate("visits"))
""",
    check=check,
)
