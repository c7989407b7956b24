import json

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli

TEXT = """
from flowstone import Cron, DailyPartitions, Dep, Job, Last, MonthlyPartitions, asset, check, resource

days = DailyPartitions("2024-01-01", end="2024-04-01")
months = MonthlyPartitions("2024-01-01", end="2024-04-01")

@resource
def api(url: str = "http://localhost"):
    return url

@asset
def greeting(api, name: str = "world", times: int = 1) -> str:
    return f"{api} " + f"hello {name} " * times

@asset(partitioned_by=days)
def day() -> int:
    return 1

@asset(partitioned_by=months)
def month(day: dict[str, int]) -> int:
    return len(day)
"""


@pytest.fixture
def project(cli_project):
    return cli_project(TEXT)


@pytest.fixture
def run(project):
    def run(*arguments, env=None):
        return CliRunner().invoke(cli, ["run", "-C", str(project), *arguments], env=env)

    return run


def text(project, asset):
    return next((project / ".flowstone" / "data" / "local").glob(f"{asset}.*")).read_text()


def test_the_result_goes_to_stdout_and_progress_to_stderr(run):
    result = run("greeting")
    assert result.exit_code == 0
    assert "greeting  materialized" in result.stderr
    assert result.stdout.split()[:2] == ["materialized", "reused"]


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("FLOWSTONE_PARAMS__GREETING__NOME", "greeting has no config parameter 'nome'"),
        ("FLOWSTONE_PARAMS__GREETING__TIMES", "greeting.times takes int"),
        ("FLOWSTONE_PARAMS__API__ULR", "api has no config parameter 'ulr'"),
    ],
)
def test_wrong_parameters_from_the_environment_are_told_before_anything_runs(run, project, variable, message):
    result = run("greeting", env={variable: "often"})
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (project / ".flowstone" / "data").exists()


def test_a_wrong_item_of_a_list_is_told(cli_project):
    project = cli_project("from flowstone import asset\n@asset\ndef a(n: list[int] = [1]) -> int:\n    return sum(n)\n")
    result = CliRunner().invoke(cli, ["run", "-C", str(project), "--set", 'a.n=[1, "x"]'])
    assert result.exit_code == 2
    assert "unable to parse string as an integer" in result.stderr


def test_a_time_partitioned_asset_needs_keys(run):
    result = run("day")
    assert result.exit_code == 2
    assert "say which partitions to run: daily from 2024-01-01 before 2024-04-01: day" in result.stderr
    assert "--partition 2024-01-01, or --partitions 2024-01-01..2024-01-07" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--partition", "2023-12-31"], "outside"),
        (["--partition", "soon"], "not a daily key"),
        (["--partitions", "2024-01-03..2024-01-01"], "comes after"),
        (["--partitions", "2024-01-03"], "takes a range"),
        (["greeting", "--partition", "2024-01-01"], "nothing selected is partitioned"),
        (["nothing_like_it"], "matches nothing"),
        (["greeting", "--exclude", "greeting"], "matches nothing"),
        (["--set", "greeting"], "takes ASSET.PARAM=VALUE"),
        (["--set", "greting.name=x"], "did you mean 'greeting'"),
        (["--set", "greeting.nome=x"], "did you mean 'name'"),
        (["--set", "greeting.times=often"], "greeting.times takes int"),
        (["month", "--partition", "2024-01-05"], "month"),
        (["day", "--partition", "2024-01-05", "--set", "greeting.times=2"], "greeting is not selected"),
    ],
)
def test_what_cannot_be_done_as_asked_exits_2(run, arguments, message):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_steps_without_a_key_are_named(run):
    result = run("day", "month", "--partition", "2024-01-05")
    assert result.exit_code == 0
    assert "note: month: no key of this run completes a month" in result.stderr


def test_the_last_day_also_makes_the_month(run, project):
    result = run("day", "month", "--partitions", "2024-01-01..2024-01-31", "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert (project / ".flowstone" / "data" / "local" / "month" / "2024-01.json").read_text() == "31\n"


def test_set_beats_the_environment(run, project):
    environment = {"FLOWSTONE_PARAMS__GREETING__NAME": "env", "FLOWSTONE_PARAMS__GREETING__TIMES": "2"}
    assert run("greeting", "--set", "greeting.name=7", "--set", "api.url=x", env=environment).exit_code == 0
    assert "x hello 7 hello 7" in text(project, "greeting")


def test_reuse_and_force(run):
    assert "materialized" in run("greeting").stderr
    assert "reused" in run("greeting").stderr
    assert "greeting  materialized" in run("greeting", "--force").stderr


def test_a_failure_exits_1(run, project):
    module = next(project.glob("cli_*.py"))
    module.write_text(TEXT.replace('return f"{api} "', 'raise ValueError("no such greeting")\n    return f"{api} "'))
    result = run("greeting", "--force")
    assert result.exit_code == 1
    assert "greeting  failed" in result.stderr
    assert "ValueError: no such greeting" in result.stderr


def test_a_project_with_errors_is_not_run(run, project):
    module = next(project.glob("cli_*.py"))
    module.write_text(TEXT + "\n@asset\ndef bad(not_there: int) -> int:\n    return 1\n")
    result = run("greeting")
    assert result.exit_code == 1
    assert "FS106" in result.stderr
    assert not (project / ".flowstone" / "data").exists()


def test_json(run):
    result = run("greeting", "--output-format", "json")
    document = json.loads(result.stdout)
    assert (document["ok"], document["tasks"][0]["step"], document["tasks"][0]["status"]) == (
        True,
        "greeting",
        "materialized",
    )


def test_worker_processes_find_the_project(run, project):
    assert run("greeting", "--executor", "process", "--workers", "1").exit_code == 0
    assert "hello world" in text(project, "greeting")
    assert len(list((project / ".flowstone" / "cache" / "manifests").iterdir())) == 1


def test_a_store_that_cannot_be_opened_exits_2_before_anything_runs(run, project):
    with (project / "flowstone.toml").open("a") as file:
        file.write('[io_managers.local]\ntype = "filesystem"\nroot = { env = "NOT_SET_HERE" }\n')
    result = run("greeting")
    assert result.exit_code == 2
    assert "io_managers.local.root needs the environment variable NOT_SET_HERE" in result.stderr


def test_the_configuration_wins_over_defaults_and_is_converted(run, project):
    with (project / "flowstone.toml").open("a") as file:
        file.write("[params.greeting]\ntimes = 3\n")
    assert run("greeting").exit_code == 0
    assert text(project, "greeting").count("hello") == 3


def test_what_takes_longer_than_usual_is_told(project, run, monkeypatch):
    monkeypatch.setattr("flowstone.runner.pace.MARGIN", 0.1)
    (project / f"{next(project.glob('cli_*.py')).stem}.py").write_text(
        "import time\nfrom flowstone import asset\n\n@asset(cache=False)\ndef nap(seconds: float = 0.0) -> int:\n"
        "    time.sleep(seconds)\n    return 1\n"
    )
    for _ in range(3):
        assert "slow" not in run().stderr
    told = run("--set", "nap.seconds=0.3")
    assert "slow: nap has taken 0.3" in told.stderr
    assert "slow: this run has taken 0.3" in told.stderr
    lines = [
        json.loads(line) for line in run("--set", "nap.seconds=0.3", "--output-format", "jsonl").stdout.splitlines()
    ]
    assert [line["event"] for line in lines if line["event"] == "slow"] == ["slow", "slow"]
