"""How much the values of the evaluator hold: what is bounded is the whole, since containers may share their items."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from flowstone.frontend.operators import LimitError
from flowstone.frontend.values import EnumMember, Instance, Symbol

MAX_WEIGHT = 100_000
"""Most items of a value, those of its items included."""
_CONTAINERS = (list, tuple, dict, set, frozenset, Instance)


class Weight(NamedTuple):
    """What is known of a value."""

    value: Any
    """The value, so that it stays and its identity is not given to another one."""
    items: int
    """The number of items in it and below."""
    symbolic: bool
    """It holds something that can only be named."""


class Weights:
    """Weights of containers, each computed once."""

    def __init__(self) -> None:
        self._kept: dict[int, Weight] = {}
        self._recent: dict[int, Weight] = {}

    def known(self, value: Any) -> Weight | None:
        """The weight of a container that was weighed before."""
        key = id(value)
        return self._kept.get(key) or self._recent.get(key)

    def add(self, value: Any) -> Weight:
        """Weigh a container. Errors: LimitError if it holds too much."""
        found = self._recent[id(value)] = self._weigh(value)
        return found

    def keep(self, value: Any) -> None:
        """Remember the weight of a value that is looked up again and again."""
        found = self._recent.get(id(value))
        if found is not None:
            self._kept[id(value)] = found

    def forget(self) -> None:
        """Forget what is not kept."""
        self._recent.clear()

    def is_symbolic(self, value: Any) -> bool:
        """Whether a value is, or holds, what can only be named."""
        if isinstance(value, Symbol):
            return True
        return isinstance(value, _CONTAINERS) and (self.known(value) or self._weigh(value)).symbolic

    def _weigh(self, value: Any) -> Weight:
        items, symbolic = 1, isinstance(value, Symbol)
        for item in _parts(value):
            kind = item.__class__
            if kind is int or kind is bool or item is None:
                items += 1
            elif kind is str or kind is bytes:
                items += 1 + len(item) // 100
            else:
                weight = self._part(item)
                items += weight[0]
                symbolic = symbolic or weight[1]
            if items > MAX_WEIGHT:
                raise LimitError(f"all items together are more than {MAX_WEIGHT}")
        return Weight(value, items, symbolic)

    def _part(self, value: Any) -> tuple[int, bool]:
        if isinstance(value, _CONTAINERS):
            known = self.known(value) or self.add(value)
            return known.items, known.symbolic
        if isinstance(value, EnumMember):
            return 1 + self._part(value.value)[0], True
        return (1 + len(value) // 100 if isinstance(value, str | bytes) else 1), isinstance(value, Symbol)


def is_container(value: Any) -> bool:
    """Whether a value holds others."""
    return isinstance(value, _CONTAINERS)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value.fields.values() if isinstance(value, Instance) else value
