"""Windows of time partitions: whether a consumer asks for keys that its producer does not have."""

from __future__ import annotations

from functools import lru_cache

from flowstone.checks.edges import Edge
from flowstone.dsl.mappings import Offset, Only
from flowstone.dsl.partitions import PartitionKey, StaticPartitions, TimePartitions


def about_keys(edge: Edge) -> bool:
    """Whether the partitions are of one kind, and it is the keys that do not fit."""
    if edge.reason is None:
        return False
    both_static = isinstance(edge.partitions, StaticPartitions) and isinstance(
        edge.producer.partitions, StaticPartitions
    )
    return isinstance(edge.dependency.mapping, Only) or (both_static and edge.dependency.mapping is None)


def missing_keys(edge: Edge) -> str | None:
    """Why some key of the consumer reads nothing, for two windows without a mapping; None if each reads something."""
    ours, theirs = edge.partitions, edge.producer.partitions
    if edge.dependency.mapping is not None or edge.dependency.optional or edge.arity is None:
        return None
    if not isinstance(ours, TimePartitions) or not isinstance(theirs, TimePartitions):
        return None
    try:
        return _missing_keys(edge, ours, theirs)
    except (OverflowError, ValueError):  # near the year 1 or 9999: Python's calendar ends there
        return None


def _missing_keys(edge: Edge, ours: TimePartitions, theirs: TimePartitions) -> str | None:
    if ours == theirs and not is_empty(ours):  # the usual case
        return None
    first, their_first = ours.first(), theirs.first()
    assert first.start is not None and first.end is not None and their_first.start is not None
    read_from = first.start if ours.kind == theirs.kind else first.end
    if read_from < their_first.start or (ours.kind != theirs.kind and read_from == their_first.start):
        return f"the first one is {first}, and {edge.producer.id!r} begins with {their_first}"
    their_end, our_end = theirs.window[1], ours.window[1]
    if their_end is None:
        return None
    if ours.kind == theirs.kind and (our_end is None or our_end > their_end):
        ends = "never ends" if our_end is None else f"ends at {ours.end}"
        return f"{edge.producer.id!r} ends at {theirs.end}, and {edge.name!r} {ends}"
    if first.start >= their_end:
        return f"the first one is {first}, and {edge.producer.id!r} ends at {theirs.end}"
    return None


@lru_cache(maxsize=256)
def is_empty(partitions: TimePartitions) -> bool:
    """Whether the window holds no key. Errors: OverflowError, ValueError near the ends of the calendar."""
    first, end = partitions.first(), partitions.window[1]
    return end is not None and first.start is not None and first.start >= end


def offset_leaves_window(edge: Edge) -> str | None:
    """A key of the consumer for which ``Offset`` leads out of the producer's window; None if there is none."""
    mapping, ours, theirs = edge.dependency.mapping, edge.partitions, edge.producer.partitions
    if edge.arity is None or not isinstance(mapping, Offset):
        return None
    if not isinstance(ours, TimePartitions) or not isinstance(theirs, TimePartitions) or ours.kind != theirs.kind:
        return None
    try:
        first, end = ours.first(), ours.window[1]
        last = None if end is None else ours.last_closed(end)
    except (OverflowError, ValueError):
        return None
    for key in (first, last):
        if key is not None and not _has(theirs, key, mapping.count):
            return key.text
    if end is None and theirs.window[1] is not None:
        return f"keys from {theirs.end}"
    return None


def _has(partitions: TimePartitions, key: PartitionKey, count: int) -> bool:
    """Whether there is a key so many periods after another."""
    try:
        return partitions.shift(key, count) is not None
    except (OverflowError, ValueError):  # beyond the years that Python's calendar has
        return False
