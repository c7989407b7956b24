"""Which partitions of a producer a consumer's partition reads.

Without a mapping: the same key; a finer time partition into a coarser one gives all keys inside it; a partitioned asset
into an unpartitioned one gives all keys; an unpartitioned asset into a partitioned one gives its one value. Where one
of the two has several dimensions, each of the producer's is matched with one of the consumer's (``dimension_pairs``),
and what is said above holds for each pair; all keys are read of a dimension that the consumer does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flowstone.dsl.dimension_pairs import Pair, dimension_pairs, is_by_dimension, pair_arity
from flowstone.dsl.mapping_words import (
    AllPartitions,
    ByDimension,
    Last,
    Offset,
    Only,
    PartitionMapping,
    SingleMapping,
    each_mapping,
)
from flowstone.dsl.partitions import (
    DynamicPartitions,
    MultiPartitions,
    PartitionKey,
    Partitions,
    StaticPartitions,
    is_finite,
    unread,
)
from flowstone.dsl.single_mappings import (
    DisjointKeysError,
    IncompatiblePartitionsError,
    MissingDimensionError,
    UnknownDimensionError,
    single_arity,
)

__all__ = [
    "AllPartitions",
    "ByDimension",
    "DisjointKeysError",
    "IncompatiblePartitionsError",
    "KeySelection",
    "Last",
    "MissingDimensionError",
    "Offset",
    "Only",
    "Pair",
    "PartitionMapping",
    "SingleMapping",
    "UnknownDimensionError",
    "arity",
    "dimension_pairs",
    "each_mapping",
    "is_by_dimension",
    "select_keys",
]


@dataclass(frozen=True)
class KeySelection:
    """What a consumer's partition reads of one producer."""

    keys: tuple[PartitionKey | None, ...]
    """Keys that must be stored, in order; ``(None,)`` is the value of an unpartitioned producer."""
    many: bool
    """The consumer receives ``dict[str, T]``, even if there is one key."""
    stored: bool = False
    """Not fixed keys: every key that is stored when the consumer runs, and that is wanted."""
    by: str | None = None
    """The dimension whose keys are those of the dict; None for whole keys."""
    within: tuple[tuple[str, frozenset[str]], ...] = ()
    """Of stored keys, the texts that are wanted in some of the dimensions."""

    def wants(self, key: PartitionKey) -> bool:
        """Whether a stored key is wanted."""
        return not self.within or all(key.dimensions[name].text in texts for name, texts in self.within)

    def among(self, keys: Sequence[PartitionKey | None]) -> Sequence[PartitionKey | None]:
        """Those of the keys that are wanted."""
        return [key for key in keys if key is None or self.wants(key)] if self.within else keys

    def label(self, key: PartitionKey | None) -> str:
        """The key of a value in the dict that the consumer receives."""
        if key is None:
            return ""
        return key.key if self.by is None else key.dimensions[self.by].key


def arity(
    consumer: Partitions | None, producer: Partitions | None, mapping: PartitionMapping | None
) -> Literal["one", "many"]:
    """Whether a consumer receives one value or ``dict[str, T]``.

    Errors: IncompatiblePartitionsError and its kinds, with the reason, if the mapping cannot match.
    """
    if producer is None:
        if mapping is not None:
            raise IncompatiblePartitionsError("the upstream asset is not partitioned, so there is nothing to map")
        return "one"
    if is_by_dimension(consumer, producer, mapping):
        counts = [pair_arity(pair) for pair in dimension_pairs(consumer, producer, mapping)]
        return "many" if "many" in counts else "one"
    return single_arity(consumer, producer, mapping)


def select_keys(
    consumer: Partitions | None,
    producer: Partitions | None,
    mapping: PartitionMapping | None,
    key: PartitionKey | None,
) -> KeySelection:
    """The producer's keys that the consumer's ``key`` reads.

    An ``Offset`` that leads out of the window gives no key: the value is missing.
    Errors: IncompatiblePartitionsError as in ``arity``; PartitionKeyError if the producer lacks the key.
    """
    many = arity(consumer, producer, mapping) == "many"
    if producer is None:
        return KeySelection((None,), many)
    if isinstance(mapping, Only):
        return KeySelection(tuple(unread(producer).parse(item) for item in mapping.keys), many)
    if is_by_dimension(consumer, producer, mapping):
        return _select_by_dimension(dimension_pairs(consumer, producer, mapping), producer, key, many=many)
    if isinstance(mapping, AllPartitions) or consumer is None:
        if is_finite(producer):
            return KeySelection(tuple(producer.keys()), many)
        return KeySelection((), many, stored=True)
    if isinstance(producer, MultiPartitions | DynamicPartitions):
        return KeySelection((key,), many)
    assert key is not None
    if isinstance(producer, StaticPartitions):
        return KeySelection((producer.parse(key.text),), many)
    assert key.start is not None and key.end is not None
    if isinstance(mapping, Offset):
        shifted = producer.shift(key, mapping.count)
        return KeySelection(() if shifted is None else (shifted,), many)
    if isinstance(mapping, Last):
        end = key.end.astimezone(producer.zone)
        start = producer._step(producer._floor(end), -mapping.count)  # noqa: SLF001 - one concept in two files
        return KeySelection(producer.within(start, end), many)
    if many:
        return KeySelection(producer.within(key.start, key.end), many)
    return KeySelection((producer.parse(key.text),), many)


def _select_by_dimension(
    pairs: Sequence[Pair], producer: Partitions, key: PartitionKey | None, *, many: bool
) -> KeySelection:
    found = {pair.name: _select_pair(pair, key) for pair in pairs}
    if not isinstance(producer, MultiPartitions):
        return found[""]
    several = [name for name, selection in found.items() if selection.many]
    by = several[0] if len(several) == 1 else None
    fixed = {name: [item for item in chosen.keys if item] for name, chosen in found.items() if not chosen.stored}
    if len(fixed) == len(found):
        return KeySelection(tuple(producer.product(fixed)), many, by=by)
    within = tuple((name, frozenset(item.text for item in keys)) for name, keys in fixed.items())
    return KeySelection((), many, stored=True, by=by, within=within)


def _select_pair(pair: Pair, key: PartitionKey | None) -> KeySelection:
    """The keys of one dimension that belong to the consumer's key."""
    own = key if not pair.own or key is None else key.dimensions[pair.own]
    return select_keys(pair.consumer, pair.producer, pair.mapping, own)
