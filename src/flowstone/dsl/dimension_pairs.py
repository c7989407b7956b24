"""Which dimension of a consumer belongs to which one of a producer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flowstone.dsl.mapping_words import (
    AllPartitions,
    ByDimension,
    Last,
    Offset,
    Only,
    PartitionMapping,
    SingleMapping,
)
from flowstone.dsl.partitions import MultiPartitions, Partitions, SinglePartitions, TimePartitions
from flowstone.dsl.single_mappings import (
    IncompatiblePartitionsError,
    MissingDimensionError,
    UnknownDimensionError,
    single_arity,
)


@dataclass(frozen=True)
class Pair:
    """A dimension of a producer and what the consumer has for it. The names are empty where there is one only."""

    name: str
    producer: SinglePartitions
    own: str | None = None
    """The consumer's dimension; None if it has none, so that all keys are read."""
    consumer: SinglePartitions | None = None
    mapping: SingleMapping | None = None

    @property
    def reads_all(self) -> bool:
        """Whether all keys of the dimension are read."""
        return isinstance(self.mapping, AllPartitions) or (self.consumer is None and self.mapping is None)


def is_by_dimension(consumer: Partitions | None, producer: Partitions | None, mapping: PartitionMapping | None) -> bool:
    """Whether the dimensions of the producer are looked at one by one."""
    if producer is None or isinstance(mapping, Only | AllPartitions):
        return False
    if isinstance(mapping, ByDimension):
        return True
    if consumer is None or (mapping is None and consumer == producer):
        return False
    return isinstance(consumer, MultiPartitions) or isinstance(producer, MultiPartitions)


def pair_arity(pair: Pair) -> Literal["one", "many"]:
    """How many keys of one dimension are read. Errors: IncompatiblePartitionsError, naming the dimension."""
    try:
        return single_arity(pair.consumer, pair.producer, pair.mapping)
    except IncompatiblePartitionsError as error:
        raise type(error)(f"{pair.name}: {error}" if pair.name else str(error)) from None


def dimension_pairs(
    consumer: Partitions | None, producer: Partitions, mapping: PartitionMapping | None
) -> tuple[Pair, ...]:
    """What the consumer has for each dimension of the producer, in order.

    Dimensions of one name belong together; of the others those belong together whose partitions fit, if there is one
    possibility only.

    Errors: UnknownDimensionError for a mapping of a dimension that there is not; MissingDimensionError if the two have
    no dimension in common, or if it is not clear which one; IncompatiblePartitionsError for a mapping that cannot be.
    """
    theirs, ours = _dimensions(producer), {} if consumer is None else _dimensions(consumer)
    mappings = _mappings(theirs, mapping)
    own = {name: name for name in theirs if name and name in ours}
    free = [name for name in ours if name not in own.values()]
    claims = {
        name: _fitting(partitions, {item: ours[item] for item in free}, mappings.get(name))
        for name, partitions in theirs.items()
        if name not in own and not isinstance(mappings.get(name), Only | AllPartitions)
    }
    for name, found in claims.items():
        rivals = [other for other, its in claims.items() if set(its) & set(found)]
        if len(found) > 1 or len(rivals) > 1:
            raise MissingDimensionError(_unclear(name, found, rivals))
        own.update((name, item) for item in found)
    if consumer is not None and not own and not mappings:
        raise MissingDimensionError(_nothing_in_common(consumer, producer))
    return tuple(
        Pair(name, partitions, own.get(name), ours[own[name]] if name in own else None, mappings.get(name))
        for name, partitions in theirs.items()
    )


def _dimensions(definition: Partitions) -> Mapping[str, SinglePartitions]:
    return definition.by_name if isinstance(definition, MultiPartitions) else {"": definition}


def _mappings(theirs: Mapping[str, SinglePartitions], mapping: PartitionMapping | None) -> dict[str, SingleMapping]:
    """The mapping of each dimension; ``Last`` and ``Offset`` are about the only one with periods."""
    if isinstance(mapping, ByDimension):
        for item in mapping.dimensions:
            if item.name not in theirs:
                known = f"it has {' and '.join(theirs)}" if "" not in theirs else "it has no dimensions"
                raise UnknownDimensionError(f"the upstream asset has no dimension {item.name!r}: {known}")
        return {item.name: item.mapping for item in mapping.dimensions}
    if not isinstance(mapping, Last | Offset):
        return {}
    times = [name for name, partitions in theirs.items() if isinstance(partitions, TimePartitions)]
    if len(times) != 1:
        word = type(mapping).__name__
        several = f"{' and '.join(times)} do; write ByDimension({times[0]}={word}(...))" if times else "none does"
        raise IncompatiblePartitionsError(f"{word} counts periods, and not one dimension upstream has them: {several}")
    return {times[0]: mapping}


def _fitting(
    partitions: SinglePartitions, ours: Mapping[str, SinglePartitions], mapping: SingleMapping | None
) -> list[str]:
    """The consumer's dimensions that a dimension of the producer can belong to: equal ones rather than others."""
    equal = [name for name, own in ours.items() if own == partitions]
    return equal or [name for name, own in ours.items() if _fits(own, partitions, mapping)]


def _fits(consumer: SinglePartitions, producer: SinglePartitions, mapping: SingleMapping | None) -> bool:
    try:
        single_arity(consumer, producer, mapping)
    except IncompatiblePartitionsError:
        return False
    return True


def _unclear(name: str, found: Sequence[str], rivals: Sequence[str]) -> str:
    if len(found) > 1:
        here = f"{' or '.join(found)} of this asset"
        return f"the dimension {name!r} upstream could be {here}" if name else f"the upstream asset could be by {here}"
    return f"{' and '.join(map(repr, rivals))} upstream could both be {repr(found[0]) if found[0] else 'the key here'}"


def _nothing_in_common(consumer: Partitions, producer: Partitions) -> str:
    def words(definition: Partitions) -> str:
        if not isinstance(definition, MultiPartitions):
            return f"{definition.kind} partitions"
        return " and ".join(f"{name} ({item.kind})" for name, item in definition.by_name.items())

    return f"no dimension in common: {words(consumer)} here, {words(producer)} upstream"
