"""FS202: steps that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.node import Location
from flowstone.ir.project import Project

MOST_SHOWN = 10
"""Steps of a cycle that are named; of longer ones the first and the last."""


def check(subject: Subject) -> Iterator[Finding]:
    try:
        TopologicalSorter(subject.project.upstream).prepare()
    except CycleError:
        for cycle in find_cycles(subject.project):
            yield _finding(subject.project, cycle)


def find_cycles(project: Project) -> list[list[str]]:
    """One short cycle, first step again at its end, for each set of steps that wait for each other."""
    import networkx as nx  # only here: it takes longer to import than a check takes

    graph = nx.DiGraph([(step, need) for step, needs in project.upstream.items() for need in needs])
    order = {step: index for index, step in enumerate(project.steps)}
    components = [sorted(found, key=order.__getitem__) for found in nx.strongly_connected_components(graph)]
    cycles = []
    for component in sorted((found for found in components if len(found) > 1), key=lambda found: order[found[0]]):
        first = component[0]
        inside = graph.subgraph(component)
        following = min(inside[first], key=order.__getitem__)
        cycles.append([first, *nx.shortest_path(inside, following, first)])
    return cycles


def _finding(project: Project, cycle: Sequence[str]) -> Finding:
    places = [_edge_place(project, step, need) for step, need in pairwise(cycle)]
    notes = [(place, f"{step!r} needs {need!r}") for place, (step, need) in zip(places, pairwise(cycle), strict=True)]
    half = MOST_SHOWN // 2
    shown = notes[1:] if len(notes) <= MOST_SHOWN else [*notes[1:half], *notes[-half:]]
    return Finding(
        f"steps wait for each other: {_path(cycle)}",
        places[0],
        help="remove one of these dependencies, or read the partition before with Dep(..., partitions=Offset(-1)) "
        "where an asset reads its own past",
        related=tuple(shown),
    )


def _path(cycle: Sequence[str]) -> str:
    if len(cycle) <= MOST_SHOWN + 1:
        return " -> ".join(cycle)
    half = MOST_SHOWN // 2
    return " -> ".join([*cycle[:half], f"... ({len(cycle) - 1 - MOST_SHOWN} more) ...", *cycle[-half - 1 :]])


def _edge_place(project: Project, step: str, need: str) -> Location:
    """Where a step says that it needs another."""
    for dependency in project.steps[step].signature.dependencies:
        if dependency.asset in project.assets and project.assets[dependency.asset].step == need:
            return dependency.location
    return project.steps[step].location


RULE = Rule(
    code="FS202",
    name="cycle",
    summary="Assets depend on each other in a circle",
    why="None of them can be made first.",
    bad="""\
from flowstone import asset


@asset
def orders(invoices: list[int]) -> list[int]:  # <- here
    return invoices


@asset
def invoices(orders: list[int]) -> list[int]:
    return orders
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def invoices(orders: list[int]) -> list[int]:
    return orders
""",
    check=check,
)
