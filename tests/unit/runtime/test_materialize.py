import datetime
import json
import logging

import pytest

from flowstone.errors import (
    CheckFailedError,
    ConfigurationError,
    DamagedError,
    NotMaterializedError,
    OutputError,
    ResourceError,
)

LOG = """
def log(text):
    with (HERE / "log").open("a") as file:
        file.write(f"{text}\\n")
"""

CHAIN = """
@asset
def numbers() -> list:
    return [1, 2, 3]

@asset
def total(numbers: list) -> int:
    return sum(numbers)
"""


def test_a_step_reads_what_its_upstream_stored(make_project):
    made = make_project(CHAIN)
    made.make("numbers")
    outcome = made.make("total")
    assert made.value("total") == 6
    assert outcome.status == "materialized"
    record = outcome.records[0]
    assert [(item.asset, item.partition) for item in record.inputs] == [("numbers", None)]
    assert (record.run_id, record.engine, record.asset) == ("run", "local", "total")
    assert record.started_at <= record.finished_at


def test_a_missing_input_names_the_asset_and_the_command_that_makes_it(make_project):
    made = make_project(CHAIN)
    with pytest.raises(NotMaterializedError, match="numbers is not materialized, and total reads it") as caught:
        made.make("total")
    assert "flowstone run numbers" in caught.value.help


def test_what_is_stored_is_reused_until_code_inputs_or_configuration_change(make_project):
    text = """
@asset
def numbers(count: int = 3) -> list:
    return list(range(count))

@asset
def total(numbers: list) -> int:
    return sum(numbers)
"""
    made = make_project(text)
    assert [made.make(step).status for step in ("numbers", "total")] == ["materialized"] * 2
    assert [made.make(step).status for step in ("numbers", "total")] == ["reused"] * 2
    assert made.make("numbers", force=True).status == "materialized"
    assert made.make("total").status == "reused"  # the new content is the same as the old
    assert made.make("numbers", config={"count": 4}).status == "materialized"
    assert made.make("numbers", config={"count": "4"}).status == "reused"  # equal as an int
    assert made.make("total").status == "materialized"
    assert made.value("total") == 6
    changed = make_project(text.replace("return sum(numbers)", "return -sum(numbers)"), like=made)
    assert changed.make("total").status == "materialized"
    assert changed.value("total") == -6


def test_a_value_that_was_lost_is_made_again(make_project):
    made = make_project(CHAIN)
    made.make("numbers")
    next((made.root / ".flowstone" / "data" / "local").glob("numbers.*")).unlink()
    assert made.make("numbers").status == "materialized"
    assert made.value("numbers") == [1, 2, 3]


def test_a_step_that_is_not_cached_always_runs(make_project):
    made = make_project("@asset(cache=False)\ndef now() -> int:\n    return 1\n")
    assert [made.make("now").status for _ in range(2)] == ["materialized"] * 2


def test_an_exception_of_the_user_passes_through_unchanged(make_project):
    made = make_project("class Own(Exception): ...\n@asset\ndef bad() -> int:\n    raise Own('x')\n")
    with pytest.raises(Exception, match="x") as caught:
        made.make("bad")
    assert type(caught.value).__name__ == "Own"
    assert made.value("bad") is None


def test_async_functions_are_awaited(make_project):
    made = make_project("""
import asyncio
@resource
async def opened():
    yield asyncio.get_running_loop()
@asset
async def late(opened) -> bool:
    await asyncio.sleep(0)
    return asyncio.get_running_loop() is opened
""")
    made.make("late")
    assert made.value("late") is True


def test_a_generator_function_is_refused(make_project):
    made = make_project("@asset\ndef lazy() -> int:\n    yield 1\n")
    with pytest.raises(OutputError, match="generator"):
        made.make("lazy")


def test_context_and_metadata(make_project):
    made = make_project("""
days = DailyPartitions("2024-01-01")
@asset(partitioned_by=days)
def day(ctx: Context) -> list:
    ctx.add_metadata({"source": "api", "when": ctx.partition.date, "where": HERE})
    return [ctx.asset, ctx.partition.key, ctx.run_id, ctx.engine, ctx.attempt]
""")
    outcome = made.make("day", "2024-02-03")
    assert made.value("day", "2024-02-03") == ["day", "2024-02-03", "run", "local", 1]
    user = outcome.records[0].metadata["user"]
    assert user == {"source": "api", "when": "2024-02-03", "where": str(made.root)}


def test_metadata_that_is_no_json_is_named(make_project):
    made = make_project("@asset\ndef a(ctx: Context) -> int:\n    ctx.metadata['x'] = object()\n    return 1\n")
    with pytest.raises(OutputError, match="'x' of a"):
        made.make("a")
    assert made.value("a") is None


@pytest.mark.parametrize(
    ("partition", "message"),
    [(None, "asked for none"), ("2023-12-31", "outside"), ("yesterday", "not a daily key")],
)
def test_a_wrong_partition_is_refused(make_project, partition, message):
    made = make_project("@asset(partitioned_by=DailyPartitions('2024-01-01'))\ndef day() -> int:\n    return 1\n")
    with pytest.raises(ConfigurationError, match=message):
        made.make("day", partition)


def test_damage_of_an_input_says_how_to_repair_it(make_project):
    made = make_project(CHAIN)
    made.make("numbers")
    path = next((made.root / ".flowstone" / "data" / "local").glob("numbers.*"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedError) as caught:
        made.make("total")
    assert "flowstone run numbers --force" in caught.value.help


class TestOutputs:
    TWO = """
@asset(outputs={{"train": Output(), "test": Output()}})
def split():
    return {returned}
"""

    @pytest.mark.parametrize("returned", ["{'test': [2], 'train': [1]}", "([1], [2])"])
    def test_a_mapping_or_a_tuple_in_order(self, make_project, returned):
        made = make_project(self.TWO.format(returned=returned))
        assert [record.asset for record in made.make("split").records] == ["train", "test"]
        assert (made.value("train"), made.value("test")) == ([1], [2])
        assert made.make("split").status == "reused"

    @pytest.mark.parametrize(
        ("returned", "message"),
        [("{'train': 1}", "without 'test'"), ("{'train': 1, 'test': 2, 'x': 3}", "with 'x'"), ("(1,)", "tuple of 1")],
    )
    def test_wrong_names_and_numbers_are_told(self, make_project, returned, message):
        made = make_project(self.TWO.format(returned=returned))
        with pytest.raises(OutputError, match=message):
            made.make("split")
        assert made.value("train") is None

    def test_nothing_is_published_if_one_cannot_be_stored(self, make_project):
        made = make_project(self.TWO.format(returned="[1], object()"))
        with pytest.raises(Exception, match="object"):
            made.make("split")
        assert made.value("train") is None
        assert not list((made.root / ".flowstone").rglob("*.tmp*"))


class TestInputs:
    DAYS = """
days = DailyPartitions("2024-01-01", end="2024-03-01")
months = MonthlyPartitions("2024-01-01", end="2024-03-01")
@asset(partitioned_by=days)
def day(ctx: Context) -> int:
    return ctx.partition.date.day
"""

    def test_a_window_arrives_as_a_dict_in_the_order_of_the_keys(self, make_project):
        made = make_project(
            self.DAYS
            + """
@asset(partitioned_by=days, depends_on=[Dep("day", as_="last", partitions=Last(days=3))])
def trend(last: dict[str, int]) -> list:
    return list(last.items())
"""
        )
        for key in ("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"):
            made.make("day", key)
        made.make("trend", "2024-01-04")
        assert made.value("trend", "2024-01-04") == [("2024-01-02", 2), ("2024-01-03", 3), ("2024-01-04", 4)]
        made.make("trend", "2024-01-02")  # what lies before the start is left out
        assert made.value("trend", "2024-01-02") == [("2024-01-01", 1), ("2024-01-02", 2)]

    def test_a_coarser_partition_needs_every_finer_one(self, make_project):
        made = make_project(
            self.DAYS + "@asset(partitioned_by=months)\ndef month(day: dict[str, int]) -> int:\n    return len(day)\n"
        )
        for number in range(1, 29):
            made.make("day", f"2024-02-{number:02}")
        with pytest.raises(NotMaterializedError, match="2024-02-29") as caught:
            made.make("month", "2024-02")
        assert "flowstone run day --partition 2024-02-29" in caught.value.help
        made.make("day", "2024-02-29")
        made.make("month", "2024-02")
        assert made.value("month", "2024-02") == 29

    def test_all_that_is_stored_arrives_lazily_if_the_annotation_says_so(self, make_project):
        made = make_project(
            self.DAYS
            + """
from collections.abc import Iterator
@asset
def report(day: Iterator[tuple[str, int]]) -> list:
    assert not isinstance(day, dict)
    return [f"{key}={value}" for key, value in day]
"""
        )
        with pytest.raises(NotMaterializedError, match="no partition of day"):
            made.make("report")
        for key in ("2024-02-02", "2024-01-01"):
            made.make("day", key)
        made.make("report")
        assert made.value("report") == ["2024-01-01=1", "2024-02-02=2"]

    @pytest.mark.parametrize("type", ["dict[str, int] | list[Path]", "Collection[Path]", "Sized"])
    def test_all_that_is_stored_arrives_by_key_also_where_something_else_might(self, make_project, type):
        made = make_project(
            "from collections.abc import Collection, Sized\nfrom pathlib import Path\n"
            + self.DAYS
            + f"@asset\ndef report(day: {type}) -> dict:\n    return day\n"
        )
        made.make("day", "2024-01-01")
        made.make("report")
        assert made.value("report") == {"2024-01-01": 1}

    def test_an_optional_input_may_be_missing(self, make_project):
        made = make_project(
            """
@asset
def maybe() -> int:
    return 1
@asset
def user(maybe: int | None) -> list:
    return [maybe]
"""
        )
        made.make("user")
        assert made.value("user") == [None]
        made.make("maybe")
        assert made.make("user").status == "materialized"
        assert made.value("user") == [1]

    def test_an_asset_can_read_its_own_past(self, make_project):
        made = make_project(
            """
@asset(partitioned_by=DailyPartitions("2024-01-01"), depends_on=[Dep("sum", as_="before", partitions=Offset(-1))])
def sum(before: int | None) -> int:
    return (before or 0) + 1
""".replace('as_="before", ', 'as_="before", optional=True, ')
        )
        made.make("sum", "2024-01-01")
        made.make("sum", "2024-01-02")
        assert made.value("sum", "2024-01-02") == 2

    def test_a_dependency_without_a_parameter_only_orders(self, make_project):
        text = "@asset\ndef first() -> int:\n    return 1\n"
        made = make_project(f"{text}@asset(depends_on=['first'])\ndef second() -> int:\n    return 2\n")
        with pytest.raises(NotMaterializedError):
            made.make("second")
        made.make("first")
        made.make("second")

    def test_static_keys_with_special_characters(self, make_project):
        made = make_project(
            """
regions = StaticPartitions("eu/west", "ä ö")
@asset(partitioned_by=regions)
def region(ctx: Context) -> str:
    return ctx.partition.key
@asset
def all_regions(region: dict[str, str]) -> dict:
    return region
"""
        )
        for key in ("eu~2Fwest", "~C3~A4~20~C3~B6"):
            made.make("region", key)
        made.make("all_regions")
        assert made.value("all_regions") == {"eu/west": "eu/west", "ä ö": "ä ö"}


class TestConfig:
    TEXT = """
import datetime
@asset
def shown(count: int = 1, ratio: float = 0.5, day: datetime.date = "2024-01-01", name: str = "x") -> list:
    return [count, ratio, str(day), type(day).__name__, name]
"""

    def test_defaults_hold_for_what_is_not_configured(self, make_project):
        made = make_project(self.TEXT)
        made.make("shown")
        assert made.value("shown") == [1, 0.5, "2024-01-01", "date", "x"]

    def test_values_are_converted_by_the_annotation(self, make_project):
        made = make_project(self.TEXT, params={"shown": {"count": "7", "day": "2024-05-06"}})
        made.make("shown", config={"ratio": 2})
        assert made.value("shown") == [7, 2.0, "2024-05-06", "date", "x"]

    def test_a_wrong_type_is_told(self, make_project):
        made = make_project("@asset\ndef a(count: int = 1) -> int:\n    return count\n")
        with pytest.raises(ConfigurationError, match=r"a\.count takes int"):
            made.make("a", config={"count": "many"})

    def test_an_unknown_parameter_is_told(self, make_project):
        made = make_project("@asset\ndef a(count: int = 1) -> int:\n    return count\n")
        with pytest.raises(ConfigurationError, match="no config parameter 'cuont'") as caught:
            made.make("a", config={"cuont": 2})
        assert "count" in caught.value.help

    def test_a_secret_is_read_when_it_is_used_and_never_recorded(self, make_project):
        from flowstone.runtime.workspace import Workspace

        made = make_project(
            "@asset\ndef a(token: str = '') -> int:\n    return len(token)\n", params={"a": {"token": {"env": "TOKEN"}}}
        )
        with pytest.raises(ConfigurationError, match="environment variable TOKEN"):
            made.make("a")
        outcome = made.make("a", workspace=Workspace(made.project, made.root, {"TOKEN": "canary"}))
        assert made.value("a") == 6
        assert "canary" not in outcome.records[0].to_json().decode()

    def test_the_environment_replaces_configured_values(self, make_project):
        from flowstone.runtime.workspace import Workspace

        made = make_project("@asset\ndef a(count: int = 1) -> int:\n    return count\n", params={"a": {"count": 2}})
        made.make("a", workspace=Workspace(made.project, made.root, {"FLOWSTONE_PARAMS__A__COUNT": "3"}))
        assert made.value("a") == 3


class TestResources:
    TEXT = (
        LOG
        + """
@resource
def pool(size: int = 2):
    log(f"open pool {size}")
    yield size
    log("close pool")

@resource
def client(pool):
    log("open client")
    yield pool * 10
    log("close client")

@asset
def used(client, pool) -> int:
    log("call")
    return client + pool

@asset
def broken(client) -> int:
    raise RuntimeError("from the asset")

@asset(requires=["pool"])
def silent() -> int:
    log("call")
    return 1
"""
    )

    def test_opened_once_in_order_and_closed_in_reverse(self, make_project):
        made = make_project(self.TEXT, params={"pool": {"size": 3}})
        made.make("used")
        assert made.value("used") == 33
        assert made.lines() == ["open pool 3", "open client", "call", "close client", "close pool"]

    def test_closed_after_a_failure_too(self, make_project):
        made = make_project(self.TEXT)
        with pytest.raises(RuntimeError, match="from the asset"):
            made.make("broken")
        assert made.lines()[-2:] == ["close client", "close pool"]

    def test_required_ones_are_open_without_a_parameter(self, make_project):
        made = make_project(self.TEXT)
        made.make("silent")
        assert made.lines() == ["open pool 2", "call", "close pool"]

    def test_one_that_cannot_be_opened_is_named_and_the_others_are_closed(self, make_project):
        made = make_project(self.TEXT.replace("yield pool * 10", "raise OSError('no route')"))
        with pytest.raises(ResourceError, match="client could not be opened: OSError: no route") as caught:
            made.make("used")
        assert isinstance(caught.value.__cause__, OSError)
        assert made.lines() == ["open pool 2", "open client", "close pool"]

    def test_a_failure_at_the_end_keeps_the_value_from_being_published(self, make_project):
        made = make_project(self.TEXT.replace('log("close client")', "raise OSError('late')"))
        with pytest.raises(ResourceError, match="client could not be closed: OSError: late"):
            made.make("used")
        assert made.value("used") is None
        assert made.lines()[-1] == "close pool"

    def test_a_failure_at_the_end_does_not_hide_the_first(self, make_project, caplog):
        made = make_project(self.TEXT.replace('log("close client")', "raise OSError('late')"))
        with pytest.raises(RuntimeError, match="from the asset") as caught:
            made.make("broken")
        assert any("late" in note for note in caught.value.__notes__)
        assert "late" in caplog.text

    def test_a_changed_setting_of_a_resource_makes_its_users_run_again(self, make_project):
        made = make_project(self.TEXT)
        made.make("used")
        other = make_project(self.TEXT, params={"pool": {"size": 5}}, like=made)
        assert other.make("used").status == "materialized"


class TestChecks:
    TEXT = """
@asset
def numbers(first: int = 1) -> list:
    return [first, 2]

@check(asset="numbers", blocking={blocking})
def positive(numbers: list, least: int = 0):
    return CheckResult(min(numbers) > least, {{"least": min(numbers)}})
"""

    def test_the_outcome_is_in_the_record(self, make_project):
        made = make_project(self.TEXT.format(blocking=True))
        check = made.make("numbers").records[0].checks[0]
        assert (check.name, check.passed, check.blocking, check.metadata) == ("positive", True, True, {"least": 1})

    def test_a_blocking_check_keeps_the_old_value(self, make_project):
        made = make_project(self.TEXT.format(blocking=True))
        made.make("numbers")
        with pytest.raises(CheckFailedError, match="positive"):
            made.make("numbers", config={"first": -1})
        assert made.value("numbers") == [1, 2]

    def test_another_check_only_warns(self, make_project, caplog):
        made = make_project(self.TEXT.format(blocking=False))
        with caplog.at_level(logging.WARNING):
            outcome = made.make("numbers", config={"first": -1})
        assert not outcome.records[0].checks[0].passed
        assert made.value("numbers") == [-1, 2]
        assert "positive" in caplog.text

    def test_checks_have_config_parameters_too(self, make_project):
        made = make_project(self.TEXT.format(blocking=True), params={"positive": {"least": 5}})
        with pytest.raises(CheckFailedError):
            made.make("numbers")

    def test_another_value_of_a_checks_parameter_judges_again(self, make_project):
        text = self.TEXT.format(blocking=True)
        made = make_project(text)
        assert [made.make("numbers").status for _ in range(2)] == ["materialized", "reused"]
        stricter = make_project(text, like=made, params={"positive": {"least": 5}})
        with pytest.raises(CheckFailedError):
            stricter.make("numbers")

    def test_what_is_no_judgement_is_refused(self, make_project):
        made = make_project("@asset\ndef a() -> int:\n    return 1\n@check(asset='a')\ndef odd(a):\n    return 'yes'\n")
        with pytest.raises(OutputError, match="check odd of a returned str"):
            made.make("a")

    def test_a_frame_arrives_in_the_form_that_the_check_annotates(self, make_project):
        made = make_project(
            """
import pandas as pd
import polars as pl
@asset
def table() -> pl.DataFrame:
    return pl.DataFrame({"a": [1, 2]})
@check(asset="table", blocking=True)
def is_pandas(table: pd.DataFrame) -> bool:
    return isinstance(table, pd.DataFrame) and len(table) == 2
@check(asset="table", blocking=True)
def is_polars(table: pl.DataFrame) -> bool:
    return isinstance(table, pl.DataFrame)
""",
            manager="parquet",
        )
        assert [check.passed for check in made.make("table").records[0].checks] == [True, True]

    def test_a_changed_check_is_applied_to_what_is_stored(self, make_project):
        text = (
            "@asset\ndef a() -> int:\n    return 1\n@check(asset='a', blocking=True)\ndef odd(a):\n    return a == 1\n"
        )
        made = make_project(text)
        made.make("a")
        changed = make_project(text.replace("a == 1", "a == 2"), like=made)
        with pytest.raises(CheckFailedError):
            changed.make("a")


def test_records_are_json(make_project):
    made = make_project(CHAIN)
    record = made.make("numbers").records[0]
    assert json.loads(record.to_json())["data_version"].startswith("sha256:")
    assert record.started_at.tzinfo is datetime.UTC
