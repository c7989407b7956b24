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

__all__ = [
    "CronPartitions",
    "DailyPartitions",
    "Definition",
    "HourlyPartitions",
    "MonthlyPartitions",
    "PeriodPartitions",
    "SinglePartitions",
    "StaticPartitions",
    "TimePartitions",
    "WeeklyPartitions",
]

PeriodPartitions = HourlyPartitions | DailyPartitions | WeeklyPartitions | MonthlyPartitions | CronPartitions
SinglePartitions = PeriodPartitions | StaticPartitions
