"""How the keys of what an Airflow DAG reads become the keys of its runs."""

from __future__ import annotations

from flowstone.dsl.mappings import (
    AllPartitions,
    ByDimension,
    Only,
    PartitionMapping,
    SingleMapping,
    dimension_pairs,
    is_by_dimension,
)
from flowstone.dsl.partitions import (
    DailyPartitions,
    DynamicPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    MultiPartitions,
    PartitionKeyError,
    Partitions,
    SinglePartitions,
    StaticPartitions,
    TimePartitions,
    WeeklyPartitions,
    is_finite,
)
from flowstone.ir.function import Dependency
from flowstone.targets.airflow_clock import RefusedError
from flowstone.targets.constructs import looks_forward
from flowstone.targets.literals import Call, call

ALL = "all"
"""The key of runs that gather what partitioned DAGs make into something unpartitioned."""

_START = {"weekly": "StartOfWeekMapper", "monthly": "StartOfMonthMapper", "daily": "StartOfDayMapper"}
_WINDOW = {"weekly": "WeekWindow", "monthly": "MonthWindow", "daily": "DayWindow"}

NO_EVENT = call("no_event")


def mapper(consumer: SinglePartitions, producer: SinglePartitions, mapping: SingleMapping | None) -> Call | None:
    """How a key of the producer becomes one of the consumer; ``NO_EVENT`` if it cannot be told.

    Errors: RefusedError if Airflow has no mapping for it.
    """
    if isinstance(mapping, Only | AllPartitions) or looks_forward(mapping):
        return NO_EVENT
    if producer == consumer:
        return None
    if isinstance(consumer, StaticPartitions):
        return call("AllowedKeyMapper", _texts(consumer))
    if isinstance(producer, StaticPartitions | DynamicPartitions):
        return NO_EVENT
    if producer.kind == consumer.kind:
        return None
    return _rollup(consumer, producer)


def source_of(
    consumer: Partitions, producer: Partitions, need: Dependency, axis: str
) -> tuple[str, Call | None] | None:
    """Whose events tell a key of one dimension of the consumer (its only one: ""), and how; None if none do.

    Of partitions of many dimensions those events tell it that one of these is complete for a key.
    Errors: RefusedError if Airflow has no mapping for it.
    """
    if isinstance(need.mapping, Only | AllPartitions):
        return None
    if not is_by_dimension(consumer, producer, need.mapping):
        assert not isinstance(producer, MultiPartitions)
        assert not isinstance(consumer, MultiPartitions)
        assert not isinstance(need.mapping, ByDimension)
        found = mapper(consumer, producer, need.mapping)
        return None if found is NO_EVENT else (need.asset, found)
    for pair in dimension_pairs(consumer, producer, need.mapping):
        if pair.consumer is not None and pair.own == axis:
            found = mapper(pair.consumer, pair.producer, pair.mapping)
            source = f"{need.asset}/{pair.name}" if pair.name else need.asset
            return None if found is NO_EVENT else (source, found)
    return None


def gathers_periods(consumer: Partitions | None, producer: Partitions | None, mapping: PartitionMapping | None) -> bool:
    """Whether all periods that are stored are read of some dimension, into something that is partitioned."""
    if consumer is None or producer is None or not is_by_dimension(consumer, producer, mapping):
        return False
    pairs = dimension_pairs(consumer, producer, mapping)
    return any(isinstance(pair.producer, TimePartitions) and pair.reads_all for pair in pairs)


def gathering(producer: Partitions, need: Dependency) -> Call:
    """One run for everything; if certain keys are read, once they are all there. Errors: RefusedError."""
    fixed = call("FixedKeyMapper", ALL)
    if isinstance(need.mapping, Only):
        keys = _fixed(producer, need.mapping)
    elif is_finite(producer):
        keys = [key.text for key in producer.keys()]  # noqa: SIM118 - no mapping
    else:
        return fixed
    return call("RollupMapper", upstream_mapper=fixed, window=call("SegmentWindow", keys))


def _fixed(producer: Partitions, mapping: Only) -> list[str]:
    try:
        return [producer.parse(key).text for key in mapping.keys]
    except PartitionKeyError as error:  # FS402, which the user chose to ignore
        raise RefusedError(str(error)) from error


def _texts(partitions: StaticPartitions) -> list[str]:
    return [partitions.parse(value).text for value in partitions.values]


def _rollup(consumer: SinglePartitions, producer: SinglePartitions) -> Call:
    """One run for a coarse period, once all finer ones in it are there. Errors: RefusedError."""
    if isinstance(producer, HourlyPartitions):
        if not isinstance(consumer, DailyPartitions):
            raise RefusedError(f"Airflow gathers hours into days only, not into {consumer.kind} partitions")
        if producer.timezone != "UTC":
            raise RefusedError(
                f"Airflow takes every day for 24 hours, and in {producer.timezone} some are shorter or longer"
            )
    assert isinstance(consumer, DailyPartitions | WeeklyPartitions | MonthlyPartitions)
    assert isinstance(producer, TimePartitions)
    start = call(_START[consumer.kind], input_format=producer.key_format, output_format=consumer.key_format)
    return call("RollupMapper", upstream_mapper=start, window=call(_WINDOW[consumer.kind]))
