"""Which instant a schedule fires for after it has not been looked at for some time."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest

from flowstone.checks.firings import ENGINES
from flowstone.dev import timetable
from flowstone.dev.timetable import Due, due
from flowstone.dsl.schedule import Cron

ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "UTC")
EXPRESSIONS = ("*/13 * * * *", "30 1 * * *", "30 2 * * *", "*/20 1-3 * * *", "0 6 1 * *", "5 2,3 * * 0")
CHANGES = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_it_is_the_last_one_that_has_come_also_where_clocks_are_changed(engine, zone, expression):
    schedule = Cron(expression, timezone=zone)
    for change in CHANGES:
        for hours in (-1.5, -0.4, 0.2, 1.1, 7):
            now = change + timedelta(hours=hours)
            for length in (timedelta(minutes=20), timedelta(hours=5), timedelta(days=9)):
                every = list(takewhile(lambda at, now=now: at <= now, ENGINES[engine](schedule, now - length)))
                wanted = Due(every[-1], len(every) > 1) if every else None
                assert due(schedule, now - length, now, engine) == wanted


@pytest.mark.parametrize("engine", ENGINES)
def test_a_year_of_minutes_is_not_counted(engine, monkeypatch):
    counted = []

    def counting(schedule, after):
        return (counted.append(at) or at for at in ENGINES[engine](schedule, after))

    monkeypatch.setattr(timetable, "ENGINES", {engine: counting})
    now = datetime(2026, 11, 28, tzinfo=UTC)
    found = due(Cron("* * * * *", timezone="Europe/Berlin"), now - timedelta(days=365), now, engine)
    assert found == Due(now, is_late=True)
    assert len(counted) < 500
