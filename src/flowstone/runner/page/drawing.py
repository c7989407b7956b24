"""The graph of a run's steps, in columns: each step stands to the right of all that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from flowstone.runner.page.facts import Facts
from flowstone.runner.page.markup import Markup, element, number
from flowstone.runner.page.timeline import shortened

MOST = 1500
"""Steps of a graph that can still be looked at."""
_WIDTH, _HEIGHT = 190.0, 24.0
_APART, _BELOW = 60.0, 12.0
_LETTERS = 26

_Point = tuple[float, float]


def graph(facts: Facts) -> Markup:
    """The drawing, or in words why there is none."""
    if len(facts.needs) > MOST:
        return element("p", f"{len(facts.needs):,} assets are too many for a drawing")
    columns = _columns(facts.needs)
    places = {
        step: (column * (_WIDTH + _APART), row * (_HEIGHT + _BELOW))
        for column, steps in enumerate(columns)
        for row, step in enumerate(steps)
    }
    states = {item.step: item.worst for item in facts.steps}
    width = len(columns) * (_WIDTH + _APART)
    height = max((len(steps) for steps in columns), default=0) * (_HEIGHT + _BELOW)
    edges = [_edge(places[need], places[step]) for step, needs in facts.needs.items() for need in needs]
    nodes = [_node(step, place, states.get(step, "reused")) for step, place in places.items()]
    return element(
        "svg",
        *edges,
        *nodes,
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        role="img",
        aria_label="graph",
    )


def _columns(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    depth: dict[str, int] = {}
    for step in _ordered(needs):
        depth[step] = max((depth.get(need, -1) + 1 for need in needs[step]), default=0)
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    row: dict[str, float] = {}
    for step in sorted(depth, key=lambda step: depth[step]):
        columns[depth[step]].append(step)
    for steps in columns:  # near to what they need
        steps.sort(key=lambda step: (_middle([row[need] for need in needs[step] if need in row]), step))
        row.update({step: place for place, step in enumerate(steps)})
    return columns


def _ordered(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """In an order in which needs come first; a project that has a cycle now still has a page of its last run."""
    try:
        return [step for step in TopologicalSorter(needs).static_order() if step in needs]
    except CycleError:
        return list(needs)


def _middle(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _edge(source: _Point, target: _Point) -> Markup:
    x1, y1 = source[0] + _WIDTH, source[1] + _HEIGHT / 2
    x2, y2 = target[0], target[1] + _HEIGHT / 2
    bend = _APART / 2
    points = (x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2)
    return element("path", class_="edge", d="M{} {} C{} {} {} {} {} {}".format(*map(number, points)))


def _node(step: str, place: _Point, state: str) -> Markup:
    x, y = place
    return element(
        "g",
        element("title", f"{step}: {state}"),
        element("rect", class_=state, x=x, y=y, width=_WIDTH, height=_HEIGHT, rx=4),
        element("text", shortened(step, _LETTERS), class_="node", x=x + 8, y=y + 16),
    )
