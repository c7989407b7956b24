"""Circles in a graph of names, found without recursion and shown in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

T = TypeVar("T")

MOST_SHOWN = 10
"""Names of a circle that are shown; of longer ones the first and the last."""


def find_cycles(needs: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """One short circle, its first name again at the end, for each set of names that need each other.

    The order is that of the mapping; what is needed must be in it.
    """
    try:
        TopologicalSorter(needs).prepare()
    except CycleError:
        return _shortest_cycles(needs)
    return []


def _shortest_cycles(needs: Mapping[str, Iterable[str]]) -> list[list[str]]:
    import networkx as nx  # only here: it takes longer to import than a check takes

    graph = nx.DiGraph([(name, need) for name, needed in needs.items() for need in needed])
    order = {name: index for index, name in enumerate(needs)}
    components = [sorted(found, key=order.__getitem__) for found in nx.strongly_connected_components(graph)]
    cycles = []
    for component in sorted(components, key=lambda found: order[found[0]]):
        first = component[0]
        if graph.has_edge(first, first):
            cycles.append([first, first])
        elif len(component) > 1:
            inside = graph.subgraph(component)
            following = min(inside[first], key=order.__getitem__)
            cycles.append([first, *nx.shortest_path(inside, following, first)])
    return cycles


def path_text(cycle: Sequence[str]) -> str:
    """``a -> b -> a``, without the middle of a long circle."""
    if len(cycle) <= MOST_SHOWN + 1:
        return " -> ".join(cycle)
    half = MOST_SHOWN // 2
    return " -> ".join([*cycle[:half], f"... ({len(cycle) - 1 - MOST_SHOWN:,} more) ...", *cycle[-half - 1 :]])


def shown(items: Sequence[T]) -> list[T]:
    """As many of the items as are shown, from both ends."""
    half = MOST_SHOWN // 2
    return list(items) if len(items) <= MOST_SHOWN else [*items[:half], *items[-half:]]
