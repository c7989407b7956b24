"""Windows of time partitions out of which nothing is read, where nothing has to be."""

from __future__ import annotations

from datetime import datetime

from flowstone.checks.edges import Edge
from flowstone.checks.windows import is_empty
from flowstone.dsl.mappings import Last, Offset, SingleMapping
from flowstone.dsl.partitions import TimePartitions


def reads_nothing(edge: Edge) -> str | None:
    """Why some key of the consumer reads nothing by ``Last``, or none of its keys anything by ``Offset`` or by an
    optional dependency; None if they read something.
    """
    found = (_reads_nothing(edge, times.ours, times.theirs, times.mapping) for times in edge.times)
    return next((reason for reason in found if reason is not None), None)


def _reads_nothing(
    edge: Edge, ours: TimePartitions, theirs: TimePartitions, mapping: SingleMapping | None
) -> str | None:
    try:
        if is_empty(ours) or is_empty(theirs):
            return None
        if isinstance(mapping, Last):
            return _empty_window(edge, mapping, ours, theirs)
        if isinstance(mapping, Offset):
            return _never_reads(edge, ours, theirs, mapping.count)
        if mapping is None and edge.dependency.optional:
            return _never_reads(edge, ours, theirs, 0)
    except (OverflowError, ValueError):  # beyond the years 1 to 9999: Python's calendar ends there
        return None
    return None


def _empty_window(edge: Edge, mapping: Last, ours: TimePartitions, theirs: TimePartitions) -> str | None:
    first, their_first = ours.first(), theirs.first()
    assert first.end is not None and their_first.end is not None
    if first.end < their_first.end:
        return f"for {first} there is none: {edge.producer.id!r} begins with {their_first}"
    their_end, our_end = theirs.window[1], ours.window[1]
    if their_end is None:
        return None
    if our_end is None:
        return f"{edge.producer.id!r} ends at {theirs.end}, and {edge.name!r} never ends"
    last = ours.last_closed(our_end)
    if last is not None and last.end is not None and _later(theirs, last.end, -mapping.count) >= their_end:
        return f"for {last} there is none: {edge.producer.id!r} ends at {theirs.end}"
    return None


def _never_reads(edge: Edge, ours: TimePartitions, theirs: TimePartitions, count: int) -> str | None:
    first, their_first, their_end = ours.first().start, theirs.first().start, theirs.window[1]
    assert first is not None and their_first is not None
    if their_end is not None and _later(theirs, first, count) >= their_end:
        return f"{edge.producer.id!r} ends at {theirs.end}"
    last = None if ours.window[1] is None else ours.last_closed(ours.window[1])
    if last is not None and last.end is not None and _later(theirs, last.end, count) <= their_first:
        return f"{edge.producer.id!r} begins with {theirs.first()}"
    return None


def _later(partitions: TimePartitions, moment: datetime, count: int) -> datetime:
    """Start of the period so many periods after the one that holds the moment."""
    local = moment.astimezone(partitions.zone)
    return partitions._step(partitions._floor(local), count)  # noqa: SLF001 - as in dsl.mappings
