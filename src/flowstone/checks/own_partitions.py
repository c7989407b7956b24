"""What functions do with the partition that they are called for, and which partitions that may be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from flowstone.checks.subject import Subject
from flowstone.dsl.partitions import Partitions
from flowstone.ir.body import BodyFact, FactKind
from flowstone.ir.node import Location


class Made(Struct, frozen=True):
    """The partitions of an asset that a function makes or checks."""

    partitions: Partitions | None
    """None if it has none."""
    place: Location
    """Where they are said, or the function."""


def facts_of_partitions(subject: Subject, kind: FactKind) -> Iterator[tuple[BodyFact, list[Made]]]:
    """The facts of a kind, each once, with what every declaration of the function is called for.

    Those of functions are left out of which that is not known of all declarations.
    """
    found: defaultdict[Location, list[BodyFact]] = defaultdict(list)
    for fact in (fact for facts in subject.project.bodies.values() for fact in facts if fact.kind == kind):
        found[fact.location].append(fact)
    for facts in found.values():
        made = [item for fact in facts if (item := _made(subject, fact)) is not None]
        if len(made) == len(facts):
            yield facts[0], made


def _made(subject: Subject, fact: BodyFact) -> Made | None:
    project, owner = subject.project, fact.owner
    if fact.owner_kind == "check":
        judged = next((item.asset for item in project.checks if item.name == fact.owner), "")
        owner = project.assets[judged].step if judged in project.assets else ""
    step = project.steps.get(owner) if fact.owner_kind in ("asset", "check") else None
    if step is None or "partitioned_by" in step.unknown:
        return None
    return Made(step.partitions, step.keywords.get("partitioned_by", step.location))
