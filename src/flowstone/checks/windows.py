"""Windows of time partitions: whether a consumer asks for keys that its producer does not have."""

from __future__ import annotations

from functools import lru_cache

from flowstone.checks.edges import Edge
from flowstone.dsl.mappings import (
    DisjointKeysError,
    MissingDimensionError,
    Offset,
    SingleMapping,
    UnknownDimensionError,
)
from flowstone.dsl.partitions import PartitionKey, TimePartitions


def about_keys(edge: Edge) -> bool:
    """Whether the partitions are of one kind, and it is the keys that do not fit."""
    return isinstance(edge.error, DisjointKeysError)


def about_dimensions(edge: Edge) -> bool:
    """Whether it is a dimension that is missing or not known."""
    return isinstance(edge.error, MissingDimensionError | UnknownDimensionError)


def missing_keys(edge: Edge) -> str | None:
    """Why some key of the consumer reads nothing, for two windows without a mapping; None if each reads something."""
    if edge.dependency.optional:
        return None
    for times in edge.times:
        if times.mapping is None:
            try:
                reason = _missing_keys(edge, times.ours, times.theirs)
            except (OverflowError, ValueError):  # near the year 1 or 9999: Python's calendar ends there
                continue
            if reason is not None:
                return reason
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
    found = (_outside(times.ours, times.theirs, times.mapping) for times in edge.times)
    return next((key for key in found if key is not None), None)


def _outside(ours: TimePartitions, theirs: TimePartitions, mapping: SingleMapping | None) -> str | None:
    if not isinstance(mapping, Offset) or ours.kind != theirs.kind:
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
