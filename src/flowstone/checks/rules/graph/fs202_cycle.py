"""FS202: steps that wait for each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from flowstone.checks.cycles import find_cycles, path_text, shown
from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.node import Location
from flowstone.ir.project import Project


def check(subject: Subject) -> Iterator[Finding]:
    upstream = subject.project.upstream
    if _is_in_order(upstream):
        return
    for cycle in find_cycles(upstream):
        yield _finding(subject.project, cycle)


def _is_in_order(upstream: Mapping[str, Iterable[str]]) -> bool:
    """Whether all that a step needs comes before it: so it is in a project without a circle."""
    done: set[str] = set()
    for step, needs in upstream.items():
        if not done.issuperset(needs):
            return False
        done.add(step)
    return True


def _finding(project: Project, cycle: Sequence[str]) -> Finding:
    edges = list(pairwise(cycle))
    return Finding(
        f"steps wait for each other: {path_text(cycle)}",
        _edge_place(project, *edges[0]),
        help="remove one of these dependencies, or read the partition before with Dep(..., partitions=Offset(-1)) "
        "where an asset reads its own past",
        related=tuple(
            (_edge_place(project, step, need), f"{step!r} needs {need!r}") for step, need in shown(edges[1:])
        ),
    )


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
