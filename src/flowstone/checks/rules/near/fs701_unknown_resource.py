"""FS701: a resource that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean


def check(subject: Subject) -> Iterator[Finding]:
    project = subject.project
    for name, signature in subject.signatures():
        for use in signature.resources:
            if use.resource not in project.resources:
                yield Finding(
                    f"{name!r} needs the resource {use.resource!r}, which is not defined",
                    use.location,
                    help=did_you_mean(use.resource, project.resources)
                    or f"define it: @resource above def {use.resource}()",
                )


RULE = Rule(
    code="FS701",
    name="unknown-resource",
    summary="A function needs a resource that is not defined",
    why="There is nothing to open, and nothing to hand to the parameter.",
    bad="""\
from flowstone import asset, resource


@resource
def database() -> str:
    return "sqlite://"


@asset(requires=["databse"])  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset, resource


@resource
def database() -> str:
    return "sqlite://"


@asset(requires=["database"])
def orders() -> list[int]:
    return [1, 2]
""",
    check=check,
    fixes=(Remedy("writes the name that is clearly meant"),),
)
