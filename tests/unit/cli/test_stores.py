"""The commands that look at what is stored: status, lineage, verify, clean, doctor."""

import json
import sys

import pytest
from click.testing import CliRunner

from flowstone import DailyPartitions, HourlyPartitions
from flowstone.cli.root import cli
from flowstone.cli.status_map import _rows as map_rows
from flowstone.frontend import load
from flowstone.runner.heat import heat_map
from flowstone.runtime.materialize import find_settled
from flowstone.runtime.run import Run
from flowstone.runtime.standing import standings
from flowstone.runtime.workspace import Workspace

TEXT = """
from flowstone import DailyPartitions, Dep, Last, asset

days = DailyPartitions("2024-01-01", end="2024-01-05", timezone="UTC")

@asset(partitioned_by=days)
def raw(ctx, factor: int = 1) -> int:
    return ctx.partition.date.day * factor

@asset(partitioned_by=days, depends_on=[Dep("raw", as_="week", partitions=Last(days=2))])
def trend(week: dict[str, int]) -> int:
    return sum(week.values())

@asset
def total(trend: dict[str, int]) -> int:
    return sum(trend.values())
"""
LETTERS = "# up to date  o outdated  x failed  ! damaged  / left out  - missing"
ALL = ("--partitions", "2024-01-01..2024-01-03")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("FLOWSTONE_HOME", raising=False)
    (tmp_path / module(tmp_path)).write_text(TEXT)
    (tmp_path / "flowstone.toml").write_text(f'sources = ["{module(tmp_path)}"]\n[run]\nexecutor = "inline"\n')
    return tmp_path


def module(project):
    return f"stores_{project.name}.py"


@pytest.fixture
def flowstone(project):
    def call(command, *arguments, env=None):
        return CliRunner().invoke(cli, [command, "-C", str(project), *arguments], env=env)

    return call


@pytest.fixture
def made(flowstone):
    assert flowstone("run", *ALL).exit_code == 0
    return flowstone


def states(flowstone, *arguments, env=None):
    """State and reasons by asset and partition."""
    result = flowstone("status", "--output-format", "json", *arguments, env=env)
    assert result.exit_code == 0, result.output
    return {(item["asset"], item["partition"]): (item["state"], item["reasons"]) for item in json.loads(result.stdout)}


def data(project, name):
    return project / ".flowstone" / "data" / "local" / name


def test_nothing_stored_is_missing_and_no_error(flowstone):
    assert states(flowstone) == {(name, None): ("missing", []) for name in ("raw", "trend", "total")}
    assert flowstone("status").stdout.splitlines()[1].split() == ["raw", "0", "of", "4", "0", "-", "-", "-", "-"]


def test_what_was_just_made_is_up_to_date(made):
    found = states(made)
    assert len(found) == 7
    assert set(map(str, found.values())) == {"('current', [])"}
    lines = made("status").stdout.splitlines()
    assert len(lines) == 4
    assert lines[1].split()[:5] == ["raw", "3", "of", "4", "3"]
    assert "total: up to date" in made("status", "--all").stdout


def test_changed_code_and_configuration_are_told(made, project):
    path = project / module(project)
    path.write_text(path.read_text().replace("return sum(week.values())", "return -sum(week.values())"))
    found = states(made, env={"FLOWSTONE_PARAMS__RAW__FACTOR": "3"})
    assert found["raw", "2024-01-01"] == ("outdated", ["configuration changed"])
    assert found["trend", "2024-01-02"] == ("outdated", ["code changed"])
    assert found["total", None] == ("current", [])


def test_changed_inputs_are_named(made, project):
    assert made("run", "raw", "--partition", "2024-01-02", "--set", "raw.factor=5").exit_code == 0
    found = states(made, "trend", "total")
    assert found["trend", "2024-01-01"] == ("current", [])
    assert found["trend", "2024-01-02"] == ("outdated", ["input changed: raw[2024-01-02]"])
    assert found["trend", "2024-01-03"] == ("outdated", ["input changed: raw[2024-01-02]"])
    assert made("run", "raw", "trend", "--partition", "2024-01-04").exit_code == 0
    assert states(made, "total")["total", None] == ("outdated", ["input new: trend[2024-01-04]"])
    data(project, "raw").rename(data(project, "gone"))
    assert states(made, "raw")["raw", "2024-01-01"][0] == "damaged"


def test_damage_is_found_by_status_and_verify(made, project):
    assert made("verify").exit_code == 0
    data(project, "raw/2024-01-02.json").write_text("77\n")
    data(project, ".records/partitions/raw/2024-01-03.json").write_text("{")
    found = states(made, "raw")
    assert [state for state, _ in found.values()] == ["current", "damaged", "damaged"]
    assert "cannot be read" in found["raw", "2024-01-03"][1][0]
    result = made("verify")
    assert result.exit_code == 1
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == ["raw[2024-01-03]", "raw[2024-01-02]"]
    assert "2 of 7 values are damaged" in result.stderr
    assert made("run", *ALL).exit_code == 0
    assert made("verify").exit_code == 0


def test_partitions_that_are_no_more_are_foreign(made, project):
    path = project / module(project)
    path.write_text(path.read_text().replace('"2024-01-01", end', '"2024-01-02", end'))
    assert states(made, "raw")["raw", "2024-01-01"][0] == "foreign"
    path.write_text(path.read_text().replace("@asset(partitioned_by=days)\ndef raw", "@asset\ndef raw"))
    path.write_text(path.read_text().replace("ctx.partition.date.day", "1").replace(", partitions=Last(days=2)", ""))
    path.write_text(
        path.read_text().replace("dict[str, int]) -> int:\n    return sum(week.values())", "int) -> int: ...")
    )
    assert states(made, "raw")["raw", "2024-01-02"] == ("foreign", ["raw is not partitioned any more"])


@pytest.mark.parametrize("change", ["", "code", "config", "input", "lost", "order"])
def test_status_says_what_a_run_would_do(made, project, change, monkeypatch):
    from flowstone.config import load_settings

    path = project / module(project)
    if change == "code":
        path.write_text(path.read_text().replace("factor\n", "factor + 0\n"))
    elif change == "config":
        monkeypatch.setenv("FLOWSTONE_PARAMS__RAW__FACTOR", "2")
    elif change == "input":
        assert made("run", "raw", "--partition", "2024-01-01", "--set", "raw.factor=9").exit_code == 0
    elif change == "lost":
        data(project, "trend/2024-01-02.json").unlink()
    elif change == "order":
        path.write_text(path.read_text().replace("days=2", "days=1"))
    workspace = Workspace(load(load_settings(project)).project, project)
    run = Run("run", "local")
    for item in standings(workspace, ["raw", "trend", "total"]):
        reused = find_settled(workspace, item.asset, item.partition, run)
        assert (item.state == "current") == (reused is not None), item


def test_lineage_goes_up_and_down_by_versions(made):
    up = made("lineage", "trend", "--partition", "2024-01-02").stdout.splitlines()
    assert [line.split()[0] for line in up] == ["trend[2024-01-02]", "raw[2024-01-01]", "raw[2024-01-02]"]
    down = made("lineage", "raw", "--partition", "2024-01-03", "--down").stdout.splitlines()
    assert [line.split()[0] for line in down] == ["raw[2024-01-03]", "trend[2024-01-03]", "total"]
    assert len(made("lineage", "total", "--depth", "1").stdout.splitlines()) == 4
    made("run", "raw", "--partition", "2024-01-01", "--set", "raw.factor=9")
    links = json.loads(made("lineage", "trend", "--partition", "2024-01-02", "--output-format", "json").stdout)
    assert [link["data_version"] == link["stored_version"] for link in links] == [True, False, True]
    assert "(replaced since by sha256:" in made("lineage", "trend", "--partition", "2024-01-02").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trendd"], "there is no asset 'trendd'"),
        (["trend"], "trend is partitioned: say which partition"),
        (["trend", "--partition", "2024-01-04"], "nothing is stored of trend[2024-01-04]"),
    ],
)
def test_lineage_of_what_is_not_there_is_a_usage_error(made, arguments, message):
    result = made("lineage", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_clean_removes_what_dead_writers_left_only(made, project):
    left = data(project, "raw/.2024-01-01.json.0123456789abcdef.tmp")
    left.write_text("half")
    mine = data(project, "raw/.notes.tmp")
    mine.write_text("not ours")
    assert made("clean").stdout == "local: 1 removed\n"
    assert not left.exists()
    assert mine.exists()
    assert made("verify").exit_code == 0


def test_doctor_tries_each_manager(project, flowstone):
    config = project / "flowstone.toml"
    config.write_text(
        config.read_text()
        + '[io_managers.local]\ntype = "filesystem"\n[io_managers.lake]\ntype = "parquet"\n'
        + '[io_managers.there]\ntype = "filesystem"\nroot = {env = "NOT_SET_ANYWHERE"}\n'
        + '[io_managers.file]\ntype = "filesystem"\nroot = "flowstone.toml"\n'
        + '[io_managers.base]\ntype = "duckdb"\n[io_managers.mem]\ntype = "memory"\n'
    )
    result = flowstone("doctor")
    lines = dict(line.split(": ", 1) for line in result.stdout.splitlines() if not line.startswith("  "))
    assert result.exit_code == 1
    works = {name for name, text in lines.items() if text.startswith("works; wrote, read and deleted")}
    assert works == {"base (duckdb)", "lake (parquet)", "local (filesystem)", "mem (memory)"}
    assert "NOT_SET_ANYWHERE" in lines["there (filesystem)"]
    assert "ENOTDIR" in lines["file (filesystem)"] or "EEXIST" in lines["file (filesystem)"]
    assert [path.name for path in (project / ".flowstone").rglob("*doctor*")] == []


def test_doctor_finds_a_store_that_answers_with_what_is_gone(project, flowstone, monkeypatch):
    monkeypatch.setattr("flowstone.io.files.FileStore.remove", lambda *arguments: None)
    result = flowstone("doctor")
    assert result.exit_code == 1
    assert "it finds a value that nobody has stored, or that was deleted" in result.stdout


POSTGRES = """
default_io_manager = "warehouse"
[io_managers.warehouse]
type = "postgres"
dsn = "postgresql://127.0.0.1:1/nothing"
"""
S3 = """
default_io_manager = "lake"
[io_managers.lake]
type = "filesystem"
root = "s3://bucket"
[io_managers.lake.storage_options]
endpoint = "http://127.0.0.1:1"
region = "nowhere"
access_key_id = "tests"
secret_access_key = { env = "KEY" }
"""
SFTP = """
default_io_manager = "lake"
[io_managers.lake]
type = "filesystem"
root = "sftp://tests@127.0.0.1:1/lake"
storage_options.password = { env = "KEY" }
"""


@pytest.mark.parametrize(
    ("config", "names"),
    [(POSTGRES, "the dsn of"), (S3, "root and storage_options of"), (SFTP, "root and storage_options of")],
)
def test_a_server_that_is_down_is_told_in_a_line_with_what_to_look_at(project, flowstone, monkeypatch, config, names):
    monkeypatch.setattr("flowstone.io.object_store.RETRY", {"max_retries": 0})
    path = project / "flowstone.toml"
    run = '[run]\nexecutor = "inline"\n'
    path.write_text(path.read_text().replace(run, config + run))
    for command in (("run", "raw", "--partition", "2024-01-01"), ("status",), ("doctor",)):
        answer = flowstone(*command, env={"KEY": "canary-key"})
        assert answer.exit_code != 0
        lines = answer.output.splitlines()
        (said,) = (number for number, line in enumerate(lines) if "cannot" in line)
        assert "127.0.0.1" in lines[said]
        assert lines[said + 1].strip().startswith("help: see whether the server runs")
        assert names in lines[said + 1]
        assert "Traceback" not in answer.output
        assert "canary" not in answer.output


def test_a_map_in_letters_where_there_is_no_terminal(made, project):
    lines = made("status", "--map").stdout.splitlines()
    assert lines[4:] == [
        "raw: 3 up to date, 1 missing",
        "  2024-01  ###-",
        "trend: 3 up to date, 1 missing",
        "  2024-01  ###-",
        f"{LETTERS}  0-9 tenths of several that are up to date",
    ]


def test_the_map_knows_what_failed_and_what_is_damaged(made, project):
    next(data(project, "raw").glob("2024-01-02*.json")).unlink()
    path = project / module(project)
    path.write_text(path.read_text().replace("return sum(week.values())", "raise ValueError(week)"))
    assert made("run", "trend", "--partitions", "2024-01-03..2024-01-04").exit_code == 1
    lines = made("status", "--map").stdout.splitlines()
    assert lines[lines.index("raw: 2 up to date, 1 damaged, 1 missing") + 1] == "  2024-01  #!#-"
    assert lines[lines.index("trend: 2 outdated, 2 failed") + 1] == "  2024-01  ooxx"


def test_a_map_before_the_first_run_makes_no_history(flowstone, project):
    assert "raw: 4 missing" in flowstone("status", "--map").stdout
    assert not (project / ".flowstone" / "state.db").exists()


def test_a_map_is_no_json(flowstone):
    result = flowstone("status", "--map", "--output-format", "json")
    assert (result.exit_code, "--map is drawn as text" in result.stderr) == (2, True)


def test_neighbours_of_one_colour_are_one_piece():
    days = DailyPartitions("2024-01-01", end="2024-01-05")
    known = zip(days.keys(), ["current", "current", "failed", "missing"], strict=True)
    (line,) = map_rows(heat_map(days, known, None), coloured=True)
    assert line == "  2024-01  \x1b[32m■■\x1b[0m\x1b[31m\x1b[1m■\x1b[0m\x1b[2m■\x1b[0m"


def test_cells_of_many_are_as_high_as_they_are_up_to_date():
    hours = HourlyPartitions("2024-01-01T00", end="2024-01-03T00")
    known = ((key, "current" if key.start.hour < 12 else "missing") for key in hours.keys(None))
    (line,) = map_rows(heat_map(hours, known, 1), coloured=True)
    assert line == "  2024-01  \x1b[2m▄▄\x1b[0m"
