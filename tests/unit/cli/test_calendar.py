"""``flowstone calendar``."""

from __future__ import annotations

import json

import pytest

TEXT = """
from flowstone import Cron, DailyPartitions, Every, Job, OnUpdate, asset

@asset(partitioned_by=DailyPartitions("2026-03-29", timezone="Europe/Berlin"))
def day() -> int:
    return 1

@asset
def report() -> int:
    return 1

@asset
def letter() -> int:
    return 1

@asset
def loose() -> int:
    return 1

nightly = Job("nightly", select="day", schedule=Cron("30 4 * * *", timezone="Europe/Berlin"))
often = Job("often", select="letter", schedule=Every("15m"))
follow = Job("follow", select="report", schedule=OnUpdate("day", "letter", when="any"))
"""


@pytest.fixture
def project(cli_project):
    return cli_project(TEXT)


def test_the_next_runs_of_all_jobs_with_a_schedule(call):
    assert call("calendar", "-n", "2", "--from", "2026-03-28T12:00+01:00").stdout == (
        "nightly  at 30 4 * * * (Europe/Berlin)\n"
        "  Sun 2026-03-29 04:30:00 CEST\n"
        "  Mon 2026-03-30 04:30:00 CEST  2026-03-29\n"
        "\n"
        "often  every 900 seconds\n"
        "  counted from 2000-01-01 UTC, as on Prefect; Airflow counts from its last run\n"
        "  Sat 2026-03-28 11:15:00 UTC\n"
        "  Sat 2026-03-28 11:30:00 UTC\n"
        "\n"
        "follow  after day or letter was made\n"
    )


def test_changes_of_the_clock_in_json(call, project):
    module = next(project.glob("*.py"))
    module.write_text(TEXT.replace("30 4 *", "30 2 *"))
    (entry,) = json.loads(
        call("calendar", "nightly", "-n", "2", "--from", "2026-10-24T12:00", "--output-format", "json").stdout
    )
    change = {"kind": "repeated", "start": "2026-10-25T02:00:00", "end": "2026-10-25T03:00:00"}
    days = {"daily": "2026-10-24"}
    assert entry == {
        "job": "nightly",
        "schedule": "at 30 2 * * * (Europe/Berlin)",
        "note": None,
        "follows": [],
        "sensors": [],
        "firings": [
            {"at": "2026-10-25T02:30:00+02:00", "engines": ["prefect"], "partitions": days, "clock_change": change},
            {"at": "2026-10-25T02:30:00+01:00", "engines": ["airflow"], "partitions": days, "clock_change": change},
        ],
    }


def test_what_follows_and_what_has_no_schedule(call):
    follow, default = json.loads(call("calendar", "follow", "default", "--output-format", "json").stdout)
    assert follow["follows"] == ["day", "letter"]
    assert default["schedule"] is None
    assert default["firings"] == []


def test_mistakes(call):
    assert "did you mean 'nightly'?" in call("calendar", "nigtly", code=2).output
    assert "'soon' is no instant" in call("calendar", "--from", "soon", code=2).output
    assert "is not between 1970 and 2199" in call("calendar", "--from", "9999-12-31T12:00", code=2).output


def test_more_runs_than_there_are_years(call, project):
    next(project.glob("*.py")).write_text(TEXT.replace('"15m"', '"36500d"'))
    assert "job 'often' has no 1,000 runs within reach" in call("calendar", "-n", "1000", code=2).output


def test_no_schedule_at_all(call, project):
    next(project.glob("*.py")).write_text("from flowstone import asset\n\n@asset\ndef a() -> int:\n    return 1\n")
    result = call("calendar")
    assert result.stdout == ""
    assert "no job has a schedule" in result.stderr
