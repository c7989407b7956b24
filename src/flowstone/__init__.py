"""FlowStone: data pipelines as plain functions, compiled to Airflow and Prefect, or run here.

The public names are loaded when they are first used; none of them imports anything but the standard library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowstone.__about__ import __version__

if TYPE_CHECKING:
    from flowstone.dsl.approval import Approval
    from flowstone.dsl.check_result import CheckResult
    from flowstone.dsl.context import Context
    from flowstone.dsl.decorators import asset, check, item_reader, join, resource, route, sensor
    from flowstone.dsl.dependency import Dep, Output
    from flowstone.dsl.failure import Failure
    from flowstone.dsl.job import Job
    from flowstone.dsl.mappings import AllPartitions, ByDimension, Last, Offset, Only
    from flowstone.dsl.partitions import (
        CronPartitions,
        DailyPartitions,
        DynamicPartitions,
        HourlyPartitions,
        MonthlyPartitions,
        MultiPartitions,
        PartitionKey,
        StaticPartitions,
        WeeklyPartitions,
    )
    from flowstone.dsl.policies import Retry
    from flowstone.dsl.scatter import Scatter
    from flowstone.dsl.schedule import Cron, Every, OnUpdate
    from flowstone.dsl.sensing import RunRequest, SensorResult
    from flowstone.dsl.signals import Signal, SignalGate

__all__ = [
    "AllPartitions",
    "Approval",
    "ByDimension",
    "CheckResult",
    "Context",
    "Cron",
    "CronPartitions",
    "DailyPartitions",
    "Dep",
    "DynamicPartitions",
    "Every",
    "Failure",
    "HourlyPartitions",
    "Job",
    "Last",
    "MonthlyPartitions",
    "MultiPartitions",
    "Offset",
    "OnUpdate",
    "Only",
    "Output",
    "PartitionKey",
    "Retry",
    "RunRequest",
    "Scatter",
    "SensorResult",
    "Signal",
    "SignalGate",
    "StaticPartitions",
    "WeeklyPartitions",
    "__version__",
    "asset",
    "check",
    "item_reader",
    "join",
    "resource",
    "route",
    "sensor",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from importlib import import_module

        from flowstone.dsl.vocabulary import PUBLIC_NAMES

        value = getattr(import_module(PUBLIC_NAMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'flowstone' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
