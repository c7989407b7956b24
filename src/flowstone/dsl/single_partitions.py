"""Partition definitions of one dimension."""

from __future__ import annotations

from flowstone.dsl.calendar_partitions import (
    DailyPartitions,
    Definition,
    HourlyPartitions,
    MonthlyPartitions,
    StaticPartitions,
    TimePartitions,
    WeeklyPartitions,
)
from flowstone.dsl.cron_partitions import CronPartitions
from flowstone.dsl.dynamic_partitions import DynamicPartitions

__all__ = [
    "CronPartitions",
    "DailyPartitions",
    "Definition",
    "DynamicPartitions",
    "HourlyPartitions",
    "MonthlyPartitions",
    "PeriodPartitions",
    "SinglePartitions",
    "StaticPartitions",
    "TimePartitions",
    "WeeklyPartitions",
]

PeriodPartitions = HourlyPartitions | DailyPartitions | WeeklyPartitions | MonthlyPartitions | CronPartitions
SinglePartitions = PeriodPartitions | StaticPartitions | DynamicPartitions
