"""The command around the comparison; the engines themselves are compared by tests/conformance."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from flowstone.cli.root import cli

TEXT = """
from flowstone import Job, asset

@asset
def number() -> int:
    return 1

everything = Job("everything", select="*")
"""


@pytest.fixture
def run(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "numbers_of_conformance.py").write_text(TEXT)
    (project / "flowstone.toml").write_text('sources = ["numbers_of_conformance.py"]\n[run]\nexecutor = "inline"\n')

    def run(*arguments):
        command = ["conformance", "-C", str(project), "--keep", str(tmp_path / "kept"), *arguments]
        return CliRunner().invoke(cli, command)

    return run


def test_an_engine_is_run_once_in_a_folder_that_may_be_there_already(run, tmp_path):
    (tmp_path / "kept").mkdir()
    result = run("--engine", "local", "--engine", "local")
    assert result.exit_code == 0, result.output
    assert "local: 1 materializations" in result.output
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["conformance.txt", "local"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "local", "--job", "everythin"], "there is no job 'everythin'"),
        (["--engine", "local", "--partition", "2024-01-01"], "nothing selected is partitioned"),
        (["--engine", "airflow"], "which Python has Airflow?"),
    ],
)
def test_a_mistake_costs_no_earlier_results(run, tmp_path, arguments, message, monkeypatch):
    monkeypatch.delenv("FLOWSTONE_AIRFLOW_PYTHON", raising=False)
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "conformance.txt").touch()
    (kept / "earlier").touch()
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert (kept / "earlier").exists()


def test_a_folder_of_somebody_else_is_left_alone(run, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "precious").touch()
    result = run("--engine", "local")
    assert result.exit_code == 2
    assert "is not empty" in result.output
    assert (tmp_path / "kept" / "precious").exists()


def test_keys_that_only_registries_can_have_are_in_these_from_the_beginning(run, tmp_path):
    (tmp_path / "project/numbers_of_conformance.py").write_text("""
from flowstone import DailyPartitions, DynamicPartitions, MultiPartitions, asset

both = MultiPartitions(day=DailyPartitions("2024-01-01"), customer=DynamicPartitions("customers"))

@asset(partitioned_by=both)
def number() -> int:
    return 1
""")
    keys = ("--partition", "acme", "--partition", "a/b", "--partitions", "2024-01-01..2024-01-02")
    result = run("--engine", "local", *keys)
    assert result.exit_code == 0, result.output
    assert "local: 4 materializations" in result.output
    stored = {path.name for path in (tmp_path / "kept/local/data/local/flowstone_keys.customers").iterdir()}
    assert stored == {"acme.json", "a~2Fb.json"}


GATED = (
    TEXT
    + """
from flowstone import Signal, SignalGate

@asset(signal_gate=SignalGate(timeout="1h"))
def answer() -> Signal:
    return Signal(token="question")

@answer.on_signal
def answered(payload: int) -> int:
    return payload
"""
)


def test_a_gate_finds_the_signals_that_were_sent_before(run, tmp_path):
    (tmp_path / "project/numbers_of_conformance.py").write_text(GATED)
    result = run("--engine", "local")
    assert result.exit_code == 1
    result = run("--engine", "local", "--signal", "question", "42")
    assert result.exit_code == 0, result.output
    assert "local: 2 materializations" in result.output
    assert (tmp_path / "kept/local/data/local/answer.json").read_text() == "42\n"


def test_a_signal_that_is_no_json_is_refused(run):
    result = run("--engine", "local", "--signal", "question", "yes")
    assert (result.exit_code, "the payload is no JSON" in result.output) == (2, True)
