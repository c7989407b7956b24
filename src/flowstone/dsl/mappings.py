"""Which partitions of a producer a consumer's partition reads.

Without a mapping: the same key; a finer time partition into a coarser one gives all keys inside it; a partitioned asset
into an unpartitioned one gives all keys; an unpartitioned asset into a partitioned one gives its one value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flowstone.dsl.partitions import (
    PartitionKey,
    PartitionKeyError,
    Partitions,
    StaticPartitions,
    TimePartitions,
)


@dataclass(frozen=True)
class Last:
    """The window of the producer's keys that ends with the consumer's key, as ``dict[str, T]``.

    Keys before the producer's start are left out. Errors: ValueError unless exactly one length is given, from 1.
    """

    hours: int | None = None
    days: int | None = None
    weeks: int | None = None
    months: int | None = None
    kind: Literal["last"] = "last"

    def __post_init__(self) -> None:
        given = [value for value in (self.hours, self.days, self.weeks, self.months) if value is not None]
        if len(given) != 1:
            raise ValueError("Last takes exactly one of hours=, days=, weeks=, months=")
        if isinstance(given[0], bool) or not isinstance(given[0], int) or given[0] < 1:
            raise ValueError(f"Last takes a whole number from 1, not {given[0]!r}")

    @property
    def unit(self) -> str:
        """The kind of partition that is counted."""
        names = {"hourly": self.hours, "daily": self.days, "weekly": self.weeks, "monthly": self.months}
        return next(name for name, value in names.items() if value is not None)

    @property
    def count(self) -> int:
        return next(value for value in (self.hours, self.days, self.weeks, self.months) if value is not None)


@dataclass(frozen=True)
class Offset:
    """The key so many periods away; ``Offset(-1)`` is the one before, also of the asset itself."""

    count: int
    kind: Literal["offset"] = "offset"

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, int):
            raise ValueError(f"Offset takes a whole number, not {self.count!r}")


@dataclass(frozen=True)
class Only:
    """Fixed keys. One key gives its value; several give ``dict[str, T]``."""

    keys: tuple[str, ...]
    kind: Literal["only"] = "only"

    def __init__(self, *keys: str, kind: Literal["only"] = "only") -> None:
        if len(keys) == 1 and isinstance(keys[0], tuple | list):  # the form in which the IR holds it
            keys = tuple(keys[0])
        if not keys or not all(isinstance(key, str) for key in keys):
            raise ValueError("Only takes one or more keys, as texts")
        object.__setattr__(self, "keys", keys)
        object.__setattr__(self, "kind", kind)


@dataclass(frozen=True)
class AllPartitions:
    """Every key of the producer, as ``dict[str, T]``: all of a static set; of a time window those that are stored."""

    kind: Literal["all"] = "all"


PartitionMapping = Last | Offset | Only | AllPartitions


class IncompatiblePartitionsError(ValueError):
    """No key of the producer can belong to the consumer's key."""


@dataclass(frozen=True)
class KeySelection:
    """What a consumer's partition reads of one producer."""

    keys: tuple[PartitionKey | None, ...]
    """Keys that must be stored, in order; ``(None,)`` is the value of an unpartitioned producer."""
    many: bool
    """The consumer receives ``dict[str, T]``, even if there is one key."""
    stored: bool = False
    """Not fixed keys: every key that is stored when the consumer runs."""


def arity(
    consumer: Partitions | None, producer: Partitions | None, mapping: PartitionMapping | None
) -> Literal["one", "many"]:
    """Whether a consumer receives one value or ``dict[str, T]``.

    Errors: IncompatiblePartitionsError, with the reason, if the mapping cannot match.
    """
    if producer is None:
        if mapping is not None:
            raise IncompatiblePartitionsError("the upstream asset is not partitioned, so there is nothing to map")
        return "one"
    if isinstance(mapping, Only):
        return _fixed_arity(producer, mapping)
    if isinstance(mapping, AllPartitions):
        return "many"
    if isinstance(mapping, Last | Offset):
        return _relative_arity(consumer, producer, mapping)
    return "many" if consumer is None else _default_arity(consumer, producer)


def _fixed_arity(producer: Partitions, mapping: Only) -> Literal["one", "many"]:
    for key in mapping.keys:
        try:
            producer.parse(key)
        except PartitionKeyError as error:
            raise IncompatiblePartitionsError(str(error)) from error
    return "one" if len(mapping.keys) == 1 else "many"


def _default_arity(consumer: Partitions, producer: Partitions) -> Literal["one", "many"]:
    if isinstance(consumer, StaticPartitions) and isinstance(producer, StaticPartitions):
        missing = [value for value in consumer.values if value not in producer.values]
        if missing:
            which = "no key in common" if len(missing) == len(consumer.values) else f"no key {missing[0]!r} upstream"
            raise IncompatiblePartitionsError(f"the static partitions have {which}")
        return "one"
    if not isinstance(consumer, TimePartitions) or not isinstance(producer, TimePartitions):
        raise IncompatiblePartitionsError(f"{consumer.kind} and {producer.kind} partitions have no keys in common")
    if consumer.timezone != producer.timezone:
        raise IncompatiblePartitionsError(
            f"the days of {consumer.timezone} are not those of {producer.timezone}: the time zones differ"
        )
    if consumer.kind == producer.kind:
        return "one"
    if producer.grain > consumer.grain:
        raise IncompatiblePartitionsError(f"{producer.kind} partitions are coarser than {consumer.kind} ones")
    if producer.kind == "weekly":
        raise IncompatiblePartitionsError("weeks do not fit into months: some belong to two")
    return "many"


def _relative_arity(
    consumer: Partitions | None, producer: Partitions, mapping: Last | Offset
) -> Literal["one", "many"]:
    name = type(mapping).__name__
    if consumer is None:
        raise IncompatiblePartitionsError(
            f"{name} counts from the consumer's own key, and the consumer is not partitioned"
        )
    if not isinstance(producer, TimePartitions) or not isinstance(consumer, TimePartitions):
        raise IncompatiblePartitionsError(f"{name} counts periods, and static keys have none")
    if consumer.timezone != producer.timezone:
        raise IncompatiblePartitionsError(
            f"the time zones differ: {consumer.timezone} here, {producer.timezone} upstream"
        )
    if isinstance(mapping, Last):
        if mapping.unit != producer.kind:
            raise IncompatiblePartitionsError(
                f"Last counts {mapping.unit} periods, and the upstream is {producer.kind}"
            )
        if producer.grain > consumer.grain:
            raise IncompatiblePartitionsError(f"{producer.kind} partitions are coarser than {consumer.kind} ones")
        return "many"
    if consumer.kind != producer.kind:
        raise IncompatiblePartitionsError(f"Offset counts {consumer.kind} periods, and the upstream is {producer.kind}")
    return "one"


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
        return KeySelection(tuple(producer.parse(item) for item in mapping.keys), many)
    if isinstance(mapping, AllPartitions) or consumer is None:
        if isinstance(producer, StaticPartitions):
            return KeySelection(tuple(producer.keys()), many)
        return KeySelection((), many, stored=True)
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
