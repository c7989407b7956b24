"""``flowstone explain``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from flowstone.checks.catalog import all_rules
from flowstone.cli.root import cli


def explain(*arguments: str):
    return CliRunner().invoke(cli, ["explain", *arguments])


@pytest.mark.parametrize("word", ["FS202", "fs202", "cycle"])
def test_a_code_is_explained_with_both_examples(word):
    result = explain(word)

    assert result.exit_code == 0
    assert result.stdout.startswith(
        "FS202 cycle (error)\n\nAssets depend on each other in a circle.\n\nIt cannot be ignored: "
    )
    assert "Bad: pipelines/example.py" in result.stdout
    assert "Good: pipelines/example.py" in result.stdout
    assert "    def orders(invoices: list[int]) -> list[int]:  # <- here" in result.stdout


def test_the_configuration_of_an_example_is_shown_where_it_matters():
    assert "Bad: flowstone.toml" in explain("FS304").stdout
    assert "flowstone.toml" not in explain("FS202").stdout


def test_without_a_code_all_are_listed():
    lines = explain().stdout.splitlines()

    assert [line.split()[0] for line in lines] == [rule.code for rule in all_rules()]


def test_all_are_explained():
    result = explain("--all")

    assert result.exit_code == 0
    assert all(f"{rule.code} {rule.name} ({rule.severity})" in result.stdout for rule in all_rules())
    assert max(map(len, result.stdout.splitlines())) < 130


def test_json_has_the_same_facts():
    (one,) = json.loads(explain("FS301", "--output-format", "json").stdout)

    assert one["code"] == "FS301"
    assert one["name"] == "type-mismatch"
    assert one["severity"] == "error"
    assert set(one) == {"code", "name", "severity", "summary", "why", "fixes", "bad", "good"}
    assert "pipelines/example.py" in one["bad"]
    assert len(json.loads(explain("--output-format", "json").stdout)) == len(all_rules())


@pytest.mark.parametrize(("word", "hint"), [("FS2022", "did you mean 'FS202'"), ("cycel", "did you mean 'cycle'")])
def test_an_unknown_code_exits_2_with_the_nearest(word, hint):
    result = explain(word)

    assert result.exit_code == 2
    assert hint in result.stderr
    assert result.stdout == ""


def test_codes_and_all_exclude_each_other():
    assert explain("FS202", "--all").exit_code == 2
