"""A graph in columns: each node stands to the right of all that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from flowstone.runner.page.facts import Facts
from flowstone.runner.page.markup import Markup, element, number
from flowstone.runner.page.timeline import shortened

MOST = 1500
"""Steps of a graph that can still be looked at."""
_WIDTH, _HEIGHT = 190.0, 24.0
_APART, _BELOW = 60.0, 12.0
_LETTERS = 26
_NAMESPACE = "http://www.w3.org/2000/svg"
_STYLE = """
text { font: 11px ui-monospace, monospace; fill: #fff; } .edge { fill: none; stroke: #888; } rect { fill: #3b8ea5; }
"""

_Point = tuple[float, float]


def graph(facts: Facts) -> Markup:
    """The steps of a run, in the colours of their states; or in words why they are not drawn."""
    if len(facts.needs) > MOST:
        return element("p", f"{len(facts.needs):,} assets are too many for a drawing")
    states = {item.step: item.worst for item in facts.steps}
    return _drawing(
        facts.needs, {step: _Look(state, state) for step, state in states.items()}, _Look("reused", "reused")
    )


def image(needs: Mapping[str, Sequence[str]], about: Mapping[str, str]) -> str:
    """A file of its own. ``about`` is what is shown of a node while one points at it."""
    looks = {name: _Look("asset", text) for name, text in about.items()}
    drawing = _drawing(needs, looks, _Look("asset", ""), element("style", Markup(_STYLE)), xmlns=_NAMESPACE)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawing}\n'


class _Look(NamedTuple):
    """How a node is drawn."""

    kind: str
    about: str


def _drawing(
    needs: Mapping[str, Sequence[str]], looks: Mapping[str, _Look], other: _Look, *more: Markup, **attributes: str
) -> Markup:
    columns = _columns(needs)
    places = {
        name: (column * (_WIDTH + _APART), row * (_HEIGHT + _BELOW))
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
    }
    width = len(columns) * (_WIDTH + _APART)
    height = max((len(names) for names in columns), default=0) * (_HEIGHT + _BELOW)
    edges = [_edge(places[need], places[name]) for name, others in needs.items() for need in others]
    nodes = [_node(name, place, looks.get(name, other)) for name, place in places.items()]
    return element(
        "svg",
        *more,
        *edges,
        *nodes,
        **attributes,
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


def _node(name: str, place: _Point, look: _Look) -> Markup:
    x, y = place
    return element(
        "g",
        element("title", f"{name}: {look.about}" if look.about else name),
        element("rect", class_=look.kind, x=x, y=y, width=_WIDTH, height=_HEIGHT, rx=4),
        element("text", shortened(name, _LETTERS), class_="node", x=x + 8, y=y + 16),
    )
