"""Values of the language that the IR holds as they are: one class each, in ``flowstone.dsl``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flowstone.dsl.mappings import AllPartitions, ByDimension, Last, Offset, Only
from flowstone.dsl.partitions import (
    CronPartitions,
    DailyPartitions,
    DynamicPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    MultiPartitions,
    StaticPartitions,
    WeeklyPartitions,
)
from flowstone.dsl.schedule import Cron, Every, OnUpdate

PartitionsValue = Annotated[
    HourlyPartitions
    | DailyPartitions
    | WeeklyPartitions
    | MonthlyPartitions
    | CronPartitions
    | StaticPartitions
    | DynamicPartitions
    | MultiPartitions,
    Field(discriminator="kind"),
]
MappingValue = Annotated[Last | Offset | Only | AllPartitions | ByDimension, Field(discriminator="kind")]
ScheduleValue = Annotated[Cron | Every | OnUpdate, Field(discriminator="kind")]
