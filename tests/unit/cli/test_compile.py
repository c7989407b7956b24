"""``flowstone compile``: which files it writes and removes, and what it refuses."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli

TWO_JOBS = """\
from flowstone import Job, asset


@asset
def orders() -> int:
    return 1


nightly = Job("nightly", select="orders")
weekly = Job("weekly", select="orders")
"""
ONE_JOB = TWO_JOBS.replace('nightly = Job("nightly", select="orders")\n', "")


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "flowstone.toml").write_text('sources = ["p.py"]\n')
    (tmp_path / "p.py").write_text(TWO_JOBS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compile_(*arguments):
    return CliRunner().invoke(cli, ["compile", *(arguments or ["--target", "airflow"])])


@pytest.mark.parametrize(
    "edit",
    [lambda text: text + "# handedit\n", lambda text: text.rpartition("# flowstone")[0]],
    ids=["appended", "without its last line"],
)
@pytest.mark.parametrize("target", ["airflow", "prefect", "local"])
def test_an_edited_file_of_a_job_that_is_gone_is_told_and_removed_by_force_only(project, target, edit):
    assert compile_("--target", target).exit_code == 0
    stale = project / "build" / target / "nightly.py"
    stale.write_text(edit(stale.read_text()))
    (project / "p.py").write_text(ONE_JOB)

    result = compile_("--target", target)
    assert result.exit_code == 1
    assert f"{stale} was edited by hand, and nothing generates it any more" in result.stderr
    result = compile_("--target", target, "--check")
    assert result.exit_code == 1
    assert "not up to date: flowstone.json, nightly.py" in result.stderr
    assert stale.exists()
    assert compile_("--target", target, "--force").exit_code == 0
    assert not stale.exists()


@pytest.fixture
def own(project):
    """Writes a template of the project."""
    (project / "flowstone.toml").write_text('sources = ["p.py"]\ntemplates = "own"\n')

    def write(name, text):
        (project / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / "own" / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n\ndef broken(:\n", ["line 3: line 3 of what it prints", "the line is: def broken(:"]),
        ("# {{ header | comment }}\n{% for n in [1] %}\nx = = {{ n }}\n{% endfor %}\n", ["line 2 of what it prints"]),
        ("x = 1\0\n", ["no Python"]),
        ("x = 1\ny = {{ 1 / 0 }}\n", ["line 2: ZeroDivisionError"]),
        ("x = 1\ny = {{ missing }}\n", ["line 2: 'missing' is undefined"]),
        ("x = 1\n{% if %}\n", ["line 2: "]),
        (b"x = '\xff'\n", ["utf-8"]),
    ],
)
def test_a_template_that_makes_no_python_is_told_and_nothing_is_written(project, own, text, words):
    own("airflow/dag.py.jinja", text)

    result = compile_()

    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    for word in ["template airflow/dag.py.jinja", *words]:
        assert word in result.stderr
    assert not (project / "build").exists()


def test_a_template_that_nothing_uses_is_told(project, own):
    own("airflow/dagg.py.jinja", "x = 1\n")

    for target in ("airflow", "prefect"):
        result = compile_("--target", target)
        assert result.exit_code == 2
        assert "nothing uses a template airflow/dagg.py.jinja" in result.stderr
        assert "did you mean 'airflow/dag.py.jinja'?" in result.stderr
    assert not (project / "build").exists()


def test_templates_may_have_parts_in_other_files(project, own):
    own("airflow/dag.py.jinja", "{% include 'parts/head.jinja' %}")
    own("parts/head.jinja", "{% from 'parts/macros.jinja' import one %}x = {{ one() }}\n")
    own("parts/macros.jinja", "{% macro one() %}1{% endmacro %}")
    own("README.md", "Our templates.\n")

    assert compile_().exit_code == 0
    assert (project / "build/airflow/weekly.py").read_text().startswith("x = 1")


def test_a_computed_name_may_mean_any_template(project, own):
    own("airflow/dag.py.jinja", "{% set part = 'head' %}{% include 'parts/' ~ part ~ '.jinja' %}")
    own("parts/head.jinja", "x = 1\n")

    assert compile_().exit_code == 0


@pytest.mark.parametrize(
    ("name", "target", "told"),
    [
        ("other", "airflow", "holds what was compiled from the project shop, for Airflow"),
        ("shop", "prefect", "holds what was compiled from the project shop, for Airflow"),
        ("shop", "local", "holds what was compiled from the project shop, for Airflow"),
    ],
)
def test_what_was_compiled_of_another_project_or_target_is_removed_by_force_only(project, name, target, told):
    (project / "flowstone.toml").write_text('name = "shop"\nsources = ["p.py"]\n')
    assert compile_("--target", "airflow", "-o", "dags").exit_code == 0
    before = {path.name: path.read_bytes() for path in (project / "dags").iterdir()}
    (project / "flowstone.toml").write_text(f'name = "{name}"\nsources = ["p.py"]\n')
    (project / "p.py").write_text(TWO_JOBS.replace('"weekly"', '"monthly"'))
    result = compile_("--target", target, "-o", "dags")
    assert (result.exit_code, told in result.stderr) == (2, True)
    assert {path.name: path.read_bytes() for path in (project / "dags").iterdir()} == before
    assert compile_("--target", target, "-o", "dags", "--force").exit_code == 0
    assert not (project / "dags/weekly.py").exists()
    assert compile_("--target", target, "-o", "dags").exit_code == 0
