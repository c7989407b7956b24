"""Values of the language that the IR holds as they are: one class each, in ``flowstone.dsl``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flowstone.dsl.mappings import AllPartitions, Last, Offset, Only
from flowstone.dsl.partitions import (
    DailyPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    StaticPartitions,
    WeeklyPartitions,
)
from flowstone.dsl.schedule import Cron, Every

PartitionsValue = Annotated[
    HourlyPartitions | DailyPartitions | WeeklyPartitions | MonthlyPartitions | StaticPartitions,
    Field(discriminator="kind"),
]
MappingValue = Annotated[Last | Offset | Only | AllPartitions, Field(discriminator="kind")]
ScheduleValue = Annotated[Cron | Every, Field(discriminator="kind")]
