import json

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "flowstone.toml").write_text(
        'sources = ["pipelines"]\n[io_managers.lake]\ntype = "parquet"\nkey = { env = "LAKE_KEY" }\n'
    )
    return tmp_path


def run(*arguments, env=None):
    return CliRunner().invoke(cli, ["config", "show", *map(str, arguments)], env=env)


def test_text_shows_values_with_their_origins(project):
    result = run("-C", project, env={"FLOWSTONE_RUN__WORKERS": "3"})
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["run.workers", "3", "environment", "FLOWSTONE_RUN__WORKERS"] in rows
    assert ["io_managers.lake.type", '"parquet"', "flowstone.toml:3"] in rows


def test_json_and_secrets_stay_references(project):
    result = run("-C", project, "--output-format", "json", env={"LAKE_KEY": "canary"})
    shown = json.loads(result.stdout)
    assert shown["io_managers.lake.key"] == {"value": {"env": "LAKE_KEY"}, "origin": "flowstone.toml:4"}
    assert shown["run.executor"] == {"value": "process", "origin": "default"}
    assert "canary" not in result.output


def test_mistakes_exit_2(project):
    result = run("-C", project, "--profile", "prod")
    assert result.exit_code == 2
    assert "there is no profile 'prod'" in result.stderr


def test_every_severity_has_its_own_origin(project):
    with (project / "flowstone.toml").open("a") as file:
        file.write("[severity]\nFS302 = 'error'\n[per_path_ignores]\n'a.b/**' = ['FS3']\n")
        file.write("[per_path_severity.'a.b/**']\nFS3 = 'info'\n")

    shown = json.loads(run("-C", project, "--output-format", "json").stdout)

    assert shown["severity.FS302"] == {"value": "error", "origin": "flowstone.toml:6"}
    assert shown["per_path_ignores.a.b/**"] == {"value": ["FS3"], "origin": "flowstone.toml:8"}
    assert shown["per_path_severity.a.b/**.FS3"] == {"value": "info", "origin": "flowstone.toml:10"}


def test_the_schema_needs_no_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = CliRunner().invoke(cli, ["config", "schema"])

    assert result.exit_code == 0
    assert "per_path_ignores" in json.loads(result.stdout)["properties"]


def test_what_looks_like_a_secret_is_not_shown(project):
    with (project / "flowstone.toml").open("a") as file:
        file.write('storage_options = { secret = "canary-7f3a9c", region = "eu" }\n[params.a]\npassword = "canary!"\n')
    for output_format in ("text", "json"):
        result = run("-C", project, "--output-format", output_format)
        assert result.exit_code == 0
        assert "canary" not in result.output
        assert "eu" in result.stdout


def test_the_name_in_pyproject_is_told(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n[tool.flowstone]\nsources = ["."]\n')
    shown = json.loads(run("-C", tmp_path, "--output-format", "json").stdout)
    assert shown["name"] == {"value": "shop", "origin": "pyproject.toml [project]"}
