"""FS201: a dependency on an asset that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean


def check(subject: Subject) -> Iterator[Finding]:
    project = subject.project
    known = frozenset(project.assets)
    for name, signature in (
        *((step.id, step.signature) for step in project.steps.values()),
        *((check.name, check.signature) for check in project.checks if check.asset in project.assets),
    ):
        for dependency in signature.dependencies:
            if dependency.asset not in project.assets:
                yield Finding(
                    f"{name!r} depends on {dependency.asset!r}, which is not defined",
                    dependency.location,
                    help=did_you_mean(dependency.asset, known),
                )


RULE = Rule(
    code="FS201",
    name="unknown-upstream",
    summary="A dependency names an asset that is not defined",
    why="There is nothing to wait for or to read. Engines that tie assets by events would wait for ever.",
    bad="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset(depends_on=["order"])  # <- here
def report() -> str:
    return "done"
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset(depends_on=["orders"])
def report() -> str:
    return "done"
""",
    check=check,
    fixes=(Remedy("writes the name that is clearly meant"),),
)
