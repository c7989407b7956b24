"""The next runs that ``flowstone calendar`` tells are those of Prefect's scheduler."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice

import pendulum
import pytest

from flowstone import Cron, Every
from flowstone.checks.firings import ANCHOR, next_firings, on_prefect

STARTS = [datetime(2026, 3, 28, 22, 7, tzinfo=UTC), datetime(2026, 10, 24, 22, 7, tzinfo=UTC)]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Prefect reads times on the wall otherwise from Python 3.13 on")
@pytest.mark.parametrize("start", STARTS, ids=["forward", "back"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    "cron", ["30 2 * * *", "@hourly", "*/30 2 * * *", "30 1-3 * * *", "*/20 * * * *", "0 6 * * 1-5"]
)
def test_the_next_runs_are_those_of_the_scheduler(cron, zone, start):
    from prefect.server.schemas.schedules import CronSchedule

    expected = asyncio.run(CronSchedule(cron=cron, timezone=zone).get_dates(20, pendulum.instance(start)))
    found = list(islice(on_prefect(Cron(cron, timezone=zone), start), 20))
    assert found == [at.astimezone(UTC) for at in expected]


def test_intervals_are_counted_from_their_anchor():
    from prefect.server.schemas.schedules import IntervalSchedule

    start = STARTS[0]
    schedule = IntervalSchedule(interval=timedelta(minutes=15), anchor_date=ANCHOR, timezone="UTC")
    expected = asyncio.run(schedule.get_dates(5, pendulum.instance(start)))
    assert [firing.at for firing in next_firings(Every("15m"), start, 5)] == expected
