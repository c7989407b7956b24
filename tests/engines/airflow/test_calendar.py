"""The next runs that ``flowstone calendar`` tells are those of Airflow's timetable."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pendulum
import pytest

from flowstone import Cron
from flowstone.checks.firings import on_airflow

STARTS = [datetime(2026, 3, 28, 22, 7, tzinfo=UTC), datetime(2026, 10, 24, 22, 7, tzinfo=UTC)]


@pytest.mark.parametrize("start", STARTS, ids=["forward", "back"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize(
    "cron", ["30 2 * * *", "@hourly", "*/30 2 * * *", "30 1-3 * * *", "*/20 * * * *", "0 6 * * 1-5"]
)
def test_the_next_runs_are_those_of_the_timetable(cron, zone, start):
    from airflow.timetables.trigger import CronTriggerTimetable

    timetable, at, expected = CronTriggerTimetable(cron, timezone=zone), pendulum.instance(start), []
    for _ in range(20):
        at = timetable._get_next(at)
        expected.append(at)
    found = list(islice(on_airflow(Cron(cron, timezone=zone), start), 20))
    assert found == [at.astimezone(UTC) for at in expected]
