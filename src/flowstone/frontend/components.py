"""Strongly connected parts of a graph, each after everything that it reaches. Tarjan's algorithm without recursion."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from typing import TypeVar

Node = TypeVar("Node")


def components(
    start: Node, children: Callable[[Node], Iterable[Node]], done: Container[Node]
) -> Iterator[tuple[Node, ...]]:
    """The components that can be reached from a node and are not in ``done``.

    The caller must have added a component to ``done`` before it asks for the next one.
    """
    if start in done:
        return
    number: dict[Node, int] = {start: 0}
    lowest: dict[Node, int] = {start: 0}
    open_nodes: list[Node] = [start]
    on_stack = {start}
    work: list[tuple[Node, Iterator[Node]]] = [(start, iter(children(start)))]
    while work:
        node, rest = work[-1]
        child = next((child for child in rest if child not in done), None)
        if child is None:
            work.pop()
            if work:
                lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
            if lowest[node] == number[node]:
                component = [open_nodes.pop()]
                while component[-1] != node:
                    component.append(open_nodes.pop())
                on_stack.difference_update(component)
                yield tuple(component)
        elif child not in number:
            number[child] = lowest[child] = len(number)
            open_nodes.append(child)
            on_stack.add(child)
            work.append((child, iter(children(child))))
        elif child in on_stack:
            lowest[node] = min(lowest[node], number[child])
