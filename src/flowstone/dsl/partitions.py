"""Partition definitions: all of them, and the names that go with them."""

from __future__ import annotations

from flowstone.dsl.multi_partitions import Dimension, MultiPartitions, axes, is_finite, unread, with_keys
from flowstone.dsl.partition_key import MAX_KEY_LENGTH, PartitionKey, PartitionKeyError, escape, unescape
from flowstone.dsl.single_partitions import (
    CronPartitions,
    DailyPartitions,
    DynamicPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    PeriodPartitions,
    SinglePartitions,
    StaticPartitions,
    TimePartitions,
    WeeklyPartitions,
)

__all__ = [
    "MAX_KEY_LENGTH",
    "CronPartitions",
    "DailyPartitions",
    "Dimension",
    "DynamicPartitions",
    "HourlyPartitions",
    "MonthlyPartitions",
    "MultiPartitions",
    "PartitionKey",
    "PartitionKeyError",
    "Partitions",
    "PeriodPartitions",
    "SinglePartitions",
    "StaticPartitions",
    "TimePartitions",
    "WeeklyPartitions",
    "axes",
    "escape",
    "is_finite",
    "unread",
    "unescape",
    "with_keys",
]

Partitions = SinglePartitions | MultiPartitions
