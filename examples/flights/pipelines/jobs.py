"""When it runs."""

from __future__ import annotations

from flowstone import Cron, Job
from pipelines.calendar import NEW_YORK

nightly = Job(
    "nightly",
    select="*",
    schedule=Cron("0 6 * * *", timezone=NEW_YORK),
    description="Everything, each morning for the day before",
    owners=["delays@example.com"],
)
