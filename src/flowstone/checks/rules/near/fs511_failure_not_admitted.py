"""FS511: a join that is made whatever failed, and a parameter that does not admit a failure."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.asset import Step
from flowstone.ir.function import Dependency

_ANYTHING = frozenset({"object", "?"})


def check(subject: Subject) -> Iterator[Finding]:
    for step in subject.project.steps.values():
        for dependency in step.signature.dependencies:
            if dependency.partial and not dependency.admits_failure and _is_known(subject, dependency):
                yield _finding(step, dependency)


def _is_known(subject: Subject, dependency: Dependency) -> bool:
    """Whether the annotation surely is no other name for something with a failure in it."""
    wanted, producer = dependency.type, subject.project.assets.get(dependency.asset)
    if wanted is None:
        return False
    given = None if producer is None else producer.type
    return all(
        member.name not in _ANYTHING and (subject.types.supertypes.is_known(member.name) or member == given)
        for member in wanted.members
    )


def _finding(step: Step, dependency: Dependency) -> Finding:
    return Finding(
        f"{dependency.parameter!r} of join {step.id!r} receives a Failure where {dependency.asset!r} was not made, "
        f"and is annotated {dependency.type}",
        dependency.location,
        help=f"annotate it {dependency.type} | Failure and look which one it is, or leave out on_failure='partial'",
        related=((step.keywords.get("on_failure", step.location), "branches may fail"),),
    )


RULE = Rule(
    code="FS511",
    name="failure-not-admitted",
    summary="A parameter of a join that is made whatever failed does not admit a `Failure`",
    why="The function would be called with a `Failure` where it expects a value, on the day when a branch fails.",
    bad="""\
from flowstone import asset, join


@asset
def maps() -> list[str]:
    return ["north"]


@join(branches={"maps": "maps"}, on_failure="partial")
def edition(maps: list[str]) -> list[str]:  # <- here
    return maps
""",
    good="""\
from flowstone import Failure, asset, join


@asset
def maps() -> list[str]:
    return ["north"]


@join(branches={"maps": "maps"}, on_failure="partial")
def edition(maps: list[str] | Failure) -> list[str]:
    return [] if isinstance(maps, Failure) else maps
""",
    check=check,
)
