"""FS702: resources that need each other."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject

_MOST_SHOWN = 10


def check(subject: Subject) -> Iterator[Finding]:
    resources = subject.project.resources
    needs = {
        name: {use.resource for use in resource.signature.resources if use.resource in resources}
        for name, resource in resources.items()
    }
    while (cycle := _cycle(needs)) is not None:
        use = next(use for use in resources[cycle[0]].signature.resources if use.resource == cycle[1])
        yield Finding(
            f"resources need each other: {_path(cycle)}",
            use.location,
            help="make one of them without the other",
            related=tuple(
                (resources[name].location, f"{name!r} is defined here") for name in cycle[1:_MOST_SHOWN][:-1]
            ),
        )
        needs = {name: needed - set(cycle) for name, needed in needs.items() if name not in cycle}


def _cycle(needs: dict[str, set[str]]) -> list[str] | None:
    """A circle, the first name again at its end, beginning with the name that is defined first."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        found: list[str] = list(reversed(error.args[1]))[:-1]
        start = min(range(len(found)), key=lambda index: list(needs).index(found[index]))
        return [*found[start:], *found[:start], found[start]]
    return None


def _path(cycle: list[str]) -> str:
    if len(cycle) <= _MOST_SHOWN + 1:
        return " -> ".join(cycle)
    return " -> ".join([*cycle[:5], f"... ({len(cycle) - 11} more) ...", *cycle[-6:]])


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
