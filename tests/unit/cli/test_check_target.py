"""``flowstone check --target``: what a version of an engine cannot do is found before anything is compiled."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli

DAILY = """\
from flowstone import Cron, DailyPartitions, Job, asset

days = DailyPartitions(start="2024-01-01")


@asset(partitioned_by=days)
def orders() -> list[int]:
    return [1, 2]


@asset
def report(orders: dict[str, list[int]]) -> int:
    return len(orders)


nightly = Job("nightly", select="*", schedule=Cron("0 6 * * *", timezone="UTC"))
"""
DIMENSIONS = """\
from flowstone import ByDimension, DailyPartitions, Dep, MultiPartitions, Only, StaticPartitions, asset


@asset(partitioned_by=MultiPartitions(brand=StaticPartitions("x", "y"), region=StaticPartitions("eu", "us")))
def orders() -> int:
    return 1


@asset(partitioned_by=DailyPartitions(start="2024-01-01"), depends_on=[{}])
def total(here: int) -> int:
    return here
"""
OPTION = 'from flowstone import asset\n\n\n@asset(airflow={"no_such_option": 1})\ndef orders() -> int:\n    return 1\n'
MEMORY = """\
from flowstone import asset


@asset(io_manager="scratch")
def orders() -> int:
    return 1


@asset
def report(orders: int) -> int:
    return orders
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "flowstone.toml").write_text('sources = ["p.py"]\n[io_managers.scratch]\ntype = "memory"\n')
    (tmp_path / "p.py").write_text(DAILY)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FLOWSTONE_")]:
        monkeypatch.delenv(name)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(cli, arguments)


def check(*arguments):
    return run("check", "--output-format", "concise", *arguments)


def test_without_a_target_engines_are_not_asked(project):
    assert check().exit_code == 0


@pytest.mark.parametrize(
    ("target", "constructs"),
    [
        ("airflow@3.1", ["several partition definitions in a job", "partitions: daily", "mapping: partitioned into"]),
        ("airflow@3.2", ["mapping: partitioned into unpartitioned"]),
        ("airflow@3.3", []),
        ("airflow", []),
        ("prefect@3", []),
    ],
)
def test_what_a_version_cannot_do_is_found(project, target, constructs):
    result = check("--target", target)

    assert result.exit_code == (1 if constructs else 0)
    assert result.stdout.count("FS801 [error]") == len(constructs)
    for construct in constructs:
        assert f"cannot do this yet: {construct}" in result.stdout
    assert ("compile generates for airflow@3.3" in result.stderr) is bool(constructs)


def test_what_every_version_refuses_is_found_too(project):
    (project / "p.py").write_text(OPTION)

    assert check("--target", "prefect").exit_code == 0
    result = check("--target", "airflow")

    assert result.exit_code == 1
    assert result.stdout.startswith("p.py:4:16: FS801 [error] Airflow: orders: there is no option")
    assert run("compile", "--target", "airflow").exit_code == 1


def test_a_mistake_is_told_once(project):
    (project / "p.py").write_text(MEMORY)
    assert check("--target", "airflow").stdout.count("FS312 [error]") == 1
    with (project / "flowstone.toml").open("a") as file:
        file.write('[airflow]\noutput = "dags"\n')

    assert check().stdout.count("FS312 [warning]") == 1
    result = check("--target", "airflow")
    assert result.stdout.count("FS312") == 1
    assert "FS312 [error]" in result.stdout


def test_a_comment_is_unused_only_where_somebody_looked(project):
    (project / "p.py").write_text(DAILY.replace("def report(", "def report(  # flowstone: ignore[FS312]\n    "))

    assert check().exit_code == 0
    assert "FS011" in check("--target", "airflow").stdout


def test_a_target_that_cannot_be_asked_yet_is_told(project):
    (project / "p.py").write_text(DAILY.replace("report(orders:", "report(order:"))

    result = check("--target", "airflow@3.1")

    assert result.exit_code == 1
    assert "FS801" not in result.stdout
    assert "What airflow@3.1 cannot do is told once nothing above keeps the project from compiling." in result.stderr


def test_a_refusal_cannot_be_ignored(project):
    assert check("--target", "airflow@3.2", "--ignore", "FS8").exit_code == 2
    assert check("--target", "airflow@3.2", "--ignore", "FS").exit_code == 1
    assert check("--target", "airflow@3.2", "--select", "FS3").exit_code == 0


def test_a_finding_of_the_configuration_is_at_its_line(project):
    (project / "flowstone.toml").write_text('sources = ["p.py"]\nname = "a b"\n')

    told = "flowstone.toml:2:1: FS801 [error] Airflow: the project's name"
    assert check("--target", "airflow").stdout.startswith(told)
    assert run("compile", "--target", "airflow").stderr.startswith(told)


@pytest.mark.parametrize(
    ("dependency", "code"),
    [
        ('Dep("orders", as_="here", partitions=ByDimension(regions=Only("eu")))', "FS408"),
        ('Dep("orders", as_="here")', "FS407"),
    ],
)
def test_dimensions_that_do_not_fit_are_told_whatever_the_target(project, dependency, code):
    (project / "p.py").write_text(DIMENSIONS.format(dependency))

    for target in ("airflow@3.1", "airflow", "prefect", "local"):
        assert f" {code} [error]" in check("--target", target).stdout
    assert run("check", "--target", "airflow", "--explain-target").stdout.startswith("native ")


def test_an_explanation_is_a_line_for_each_construct(project):
    result = run("check", "--target", "airflow@3.2", "--explain-target")

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].split()[:2] == ["native", "asset"]
    assert lines[0].endswith("(p.py:7 and 1 more)")
    assert any(line.startswith("refused  mapping: partitioned into unpartitioned") for line in lines)
    assert any(line.startswith("runtime  io_manager") for line in lines)
    rows = json.loads(run("check", "--target", "airflow@3.2", "--explain-target", "--output-format", "json").stdout)
    assert [row["how"] for row in rows] == [line.split()[0] for line in lines]
    assert rows[0]["target"] == "airflow@3.2"
    assert rows[0]["places"][0]["line"] == 7


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target", "airflow@3.0"], "there are: airflow@3.1, airflow@3.2, airflow@3.3"),
        (["--target", "airflw"], "did you mean 'airflow'?"),
        (["--explain-target"], "--explain-target needs a target"),
        (["--target", "local", "--explain-target"], "--explain-target has no format 'concise'"),
    ],
)
def test_wrong_usage_exits_2(project, arguments, words):
    result = check(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_only_the_newest_version_is_compiled_for(project):
    assert run("compile", "--target", "airflow@3.3").exit_code == 0
    result = run("compile", "--target", "airflow@3.2")

    assert result.exit_code == 2
    assert "code is generated for airflow@3.3 only" in result.stderr
    assert "flowstone check --target airflow@3.2" in result.stderr


def test_the_cache_serves_a_target_too(project):
    assert check().exit_code == 0
    first, second = check("--target", "airflow@3.2"), check("--target", "airflow@3.2")

    assert (first.exit_code, second.exit_code) == (1, 1)
    assert first.output == second.output
    assert check().exit_code == 0
