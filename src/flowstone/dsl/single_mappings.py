"""How many keys of a producer a consumer's key reads, for partitions of one dimension."""

from __future__ import annotations

from typing import Literal

from flowstone.dsl.mapping_words import AllPartitions, ByDimension, Last, Offset, Only, PartitionMapping
from flowstone.dsl.partitions import (
    CronPartitions,
    DynamicPartitions,
    MultiPartitions,
    PartitionKeyError,
    Partitions,
    StaticPartitions,
    TimePartitions,
    unread,
)


class IncompatiblePartitionsError(ValueError):
    """No key of the producer can belong to the consumer's key."""


class DisjointKeysError(IncompatiblePartitionsError):
    """The producer lacks certain keys."""


class MissingDimensionError(IncompatiblePartitionsError):
    """Nothing tells which keys of a dimension belong to the consumer's key."""


class UnknownDimensionError(IncompatiblePartitionsError):
    """A mapping names a dimension that the producer does not have."""


def single_arity(
    consumer: Partitions | None, producer: Partitions, mapping: PartitionMapping | None
) -> Literal["one", "many"]:
    """How many keys are read where dimensions are not looked at. Errors: IncompatiblePartitionsError."""
    assert not isinstance(mapping, ByDimension)
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
            unread(producer).parse(key)
        except PartitionKeyError as error:
            raise DisjointKeysError(str(error)) from error
    return "one" if len(mapping.keys) == 1 else "many"


def _default_arity(consumer: Partitions, producer: Partitions) -> Literal["one", "many"]:
    if isinstance(consumer, MultiPartitions) and consumer == producer:
        return "one"
    if isinstance(consumer, StaticPartitions) and isinstance(producer, StaticPartitions):
        missing = [value for value in consumer.values if value not in producer.values]
        if missing:
            which = "no key in common" if len(missing) == len(consumer.values) else f"no key {missing[0]!r} upstream"
            raise DisjointKeysError(f"the static partitions have {which}")
        return "one"
    if isinstance(consumer, DynamicPartitions) and isinstance(producer, DynamicPartitions):
        if consumer.name != producer.name:
            raise IncompatiblePartitionsError(
                f"the keys of {consumer.name!r} are not those of {producer.name!r}: these are two registries"
            )
        return "one"
    if not isinstance(consumer, TimePartitions) or not isinstance(producer, TimePartitions):
        raise IncompatiblePartitionsError(f"{consumer.kind} and {producer.kind} partitions have no keys in common")
    _demand_same_ticks(consumer, producer)
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


def _demand_same_ticks(consumer: TimePartitions, producer: TimePartitions) -> None:
    """Errors: IncompatiblePartitionsError for periods between ticks of a cron and others."""
    crons = [item.cron if isinstance(item, CronPartitions) else None for item in (consumer, producer)]
    if crons[0] != crons[1]:
        both = zip((consumer, producer), crons, strict=True)
        words = [f"{item.kind} partitions" if cron is None else repr(cron) for item, cron in both]
        raise IncompatiblePartitionsError(f"the periods of {words[0]} are not made up of those of {words[1]}")


def _relative_arity(
    consumer: Partitions | None, producer: Partitions, mapping: Last | Offset
) -> Literal["one", "many"]:
    name = type(mapping).__name__
    if consumer is None:
        raise IncompatiblePartitionsError(
            f"{name} counts from the consumer's own key, and the consumer is not partitioned"
        )
    if not isinstance(producer, TimePartitions) or not isinstance(consumer, TimePartitions):
        plain = producer if not isinstance(producer, TimePartitions) else consumer
        raise IncompatiblePartitionsError(f"{name} counts periods, and {plain.kind} keys have none")
    _demand_same_ticks(consumer, producer)
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
