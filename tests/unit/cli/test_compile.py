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
