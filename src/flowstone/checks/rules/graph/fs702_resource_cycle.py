"""FS702: resources that need each other."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.cycles import find_cycles, path_text, shown
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    resources = subject.project.resources
    needs = {
        name: [use.resource for use in resource.signature.resources if use.resource in resources]
        for name, resource in resources.items()
    }
    for cycle in find_cycles(needs):
        use = next(use for use in resources[cycle[0]].signature.resources if use.resource == cycle[1])
        yield Finding(
            f"resources need each other: {path_text(cycle)}",
            use.location,
            help="make one of them without the other",
            related=tuple((resources[name].location, f"{name!r} is defined here") for name in shown(cycle[1:-1])),
        )


RULE = Rule(
    code="FS702",
    name="resource-cycle",
    summary="Resources need each other in a circle",
    why="None of them can be opened first.",
    bad="""\
from flowstone import resource


@resource
def session(pool: list[str]) -> str:  # <- here
    return pool[0]


@resource
def pool(session: str) -> list[str]:
    return [session]
""",
    good="""\
from flowstone import resource


@resource
def pool() -> list[str]:
    return ["first"]


@resource
def session(pool: list[str]) -> str:
    return pool[0]
""",
    check=check,
)
