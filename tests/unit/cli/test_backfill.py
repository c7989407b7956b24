import json
import sys

import pytest

TEXT = """
from pathlib import Path
from flowstone import Context, DailyPartitions, Dep, MonthlyPartitions, Offset, asset

HERE = Path(__file__).parent
days = DailyPartitions("2024-01-01", end="2024-02-01")
months = MonthlyPartitions("2024-01-01", end="2024-02-01")

def log(text):
    with (HERE / "log").open("a") as file:
        file.write(text + "\\n")

@asset(partitioned_by=days)
def day(ctx: Context) -> int:
    if (HERE / f"bad-{ctx.partition.key}").exists():
        raise ValueError("a bad day")
    log(f"day {ctx.partition.key}")
    return 1

@asset(partitioned_by=days, depends_on=[Dep("balance", as_="before", partitions=Offset(-1))])
def balance(ctx: Context, before: int | None, day: int) -> int:
    log(f"balance {ctx.partition.key}")
    return (before or 0) + day

@asset(partitioned_by=months)
def month(day: dict[str, int]) -> int:
    return len(day)
"""


@pytest.fixture
def project(cli_project):
    return cli_project(TEXT)


def ran(project):
    log = project / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def value(project, asset, key):
    return (project / ".flowstone" / "data" / "local" / asset / f"{key}.json").read_text().strip()


def test_without_keys_all_partitions_whose_time_has_come_are_made_in_order(call, project):
    call("backfill", "-q")
    lines = ran(project)
    assert len(lines) == 62
    assert [line for line in lines if "balance" in line] == [f"balance 2024-01-{day:02}" for day in range(1, 32)]
    assert value(project, "balance", "2024-01-31") == "31"
    assert value(project, "month", "2024-01") == "31"
    call("backfill", "-q")
    assert ran(project) == []


def test_a_range_is_made_and_shown_before(call, project):
    keys = ("--partitions", "2024-01-03..2024-01-05")
    result = call("backfill", "day", *keys, "--dry-run")
    assert " ".join(result.stdout.split()) == "day run 3 partitions, 2024-01-03 to 2024-01-05 never made 3 run"
    assert ran(project) == []
    call("backfill", "day", *keys)
    assert ran(project) == ["day 2024-01-03", "day 2024-01-04", "day 2024-01-05"]


def test_missing_leaves_alone_what_is_outdated(call, project):
    call("backfill", "day", "--partitions", "2024-01-01..2024-01-29", "-q")
    (project / ".flowstone" / "data" / "local" / "day" / "2024-01-07.json").unlink()
    module = next(project.glob("cli_*.py"))
    module.write_text(TEXT.replace("return 1", "return 2"))
    sys.modules.pop(module.stem)
    ran(project)
    call("backfill", "day", "--missing")
    assert ran(project) == ["day 2024-01-07", "day 2024-01-30", "day 2024-01-31"]
    assert "nothing to do" in call("backfill", "day", "--missing").stderr
    assert "nothing to do" in call("backfill", "day", "--missing", "--dry-run").stdout
    document = json.loads(call("backfill", "day", "--missing", "--output-format", "json").stdout)
    assert (document["run_id"], document["ok"], document["tasks"]) == (None, True, [])
    lines = call("backfill", "day", "--missing", "--output-format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["begin", "end"]
    document = json.loads(call("backfill", "day", "--dry-run", "--output-format", "json").stdout)
    assert (document["run"], document["reuse"]) == (28, 3)


def test_failed_makes_what_did_not_succeed_the_last_time(call, project):
    for key in ("2024-01-04", "2024-01-09"):
        (project / f"bad-{key}").touch()
    call("backfill", "day", "balance", "--partitions", "2024-01-01..2024-01-10", code=1)
    assert "day 2024-01-10" in ran(project)
    (project / "bad-2024-01-04").unlink()
    call("backfill", "day", "balance", "--failed", code=1)
    assert ran(project) == ["day 2024-01-04", *(f"balance 2024-01-{day:02}" for day in range(4, 9))]
    (project / "bad-2024-01-09").unlink()
    call("backfill", "day", "balance", "--failed")
    assert ran(project) == ["day 2024-01-09", "balance 2024-01-09", "balance 2024-01-10"]
    assert "nothing to do" in call("backfill", "day", "balance", "--failed").stderr


def test_a_backfill_is_resumed_like_any_run(call, project):
    (project / "bad-2024-01-04").touch()
    call("backfill", "day", "--missing", code=1)
    ran(project)
    (project / "bad-2024-01-04").unlink()
    call("run", "--resume")
    assert ran(project) == ["day 2024-01-04"]


def test_wrong_keys_are_told(call):
    assert "not a daily key" in call("backfill", "day", "--partition", "soon", code=2).stderr
    assert call("backfill", "--missing", "--failed", "--dry-run").exit_code == 0


CELLS = """
from flowstone import Context, DailyPartitions, Dep, MultiPartitions, Offset, StaticPartitions, asset

days = DailyPartitions("2024-01-01", end="2024-01-04")
cells = MultiPartitions(day=days, region=StaticPartitions("eu", "us/west"))

@asset(partitioned_by=cells, depends_on=[Dep("sales", as_="before", partitions=Offset(-1))])
def sales(ctx: Context, before: int | None) -> int:
    return (before or 0) + ctx.partition.date.day * len(ctx.partition.dimensions["region"].key)

@asset(partitioned_by=days)
def by_region(sales: dict[str, int]) -> dict[str, int]:
    return sales

@asset
def total(sales: dict[str, int]) -> dict[str, int]:
    return sales
"""


def test_partitions_of_several_dimensions(call, cli_project):
    project = cli_project(CELLS)
    call("run", "-q", "--partition", "2024-01-01.us~2Fwest", "sales")
    assert value(project, "sales", "2024-01-01.us~2Fwest") == "7"
    missing = call("backfill", "--missing", "--dry-run").stdout
    assert "5 partitions, 2024-01-01.eu to 2024-01-03.us~2Fwest" in missing
    call("backfill", "-q", "--missing")
    assert value(project, "by_region", "2024-01-03") == '{"eu":12,"us/west":42}'
    assert value(project, ".", "total").startswith('{"2024-01-01.eu":2,"2024-01-01.us~2Fwest":7,"2024-01-02.eu":6,')
    assert "6 of 6" in call("status", "sales").stdout
    assert "sales[2024-01-02.eu]" in call("lineage", "by_region", "--partition", "2024-01-02").stdout
    call("invalidate", "sales", "--partition", "day=2024-01-02,region=eu", "--yes")
    assert "run" in call("plan", "sales", "--partition", "2024-01-02", "--partition", "eu").stdout


def test_a_combination_that_there_is_not(call, cli_project):
    cli_project(CELLS)
    refused = call("run", "sales", "--partition", "2024-01-02.asia", code=2)
    assert refused.stderr == "error: region: 'asia' is not one of 'eu', 'us/west'\n"
    refused = call("run", "sales", "--partition", "day=2024-01-02,shop=1", code=2)
    assert "write day=2024-01-01,region=eu" in refused.stderr
