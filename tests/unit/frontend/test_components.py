from hypothesis import given
from hypothesis import strategies as st

from flowstone.frontend.components import components

GRAPHS = st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=10, max_size=10)


def reachable(graph, start):
    found, pending = set(), [start]
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            pending += graph[node]
    return found


@given(GRAPHS)
def test_components_are_what_reaches_each_other_in_order(graph):
    done: dict[int, int] = {}
    for start in range(10):
        for number, component in enumerate(components(start, graph.__getitem__, done), len(done)):
            for node in component:
                assert {other for other in reachable(graph, node) if node in reachable(graph, other)} == set(component)
                assert set(graph[node]) <= done.keys() | set(component)
            done.update(dict.fromkeys(component, number))
    assert done.keys() == set(range(10))


def test_a_chain_of_any_length():
    done: set[int] = set()
    for component in components(0, lambda node: [node + 1] if node < 50_000 else [], done):
        done.update(component)
    assert len(done) == 50_001
