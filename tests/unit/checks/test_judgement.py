"""What is found after a change with the help of what was found before is what is found without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flowstone.checks import find_all, judge
from flowstone.checks.catalog import all_rules
from flowstone.checks.rule import Rule
from flowstone.config import Settings, load_settings
from flowstone.frontend import Loaded, load

BESIDE = """\
from flowstone import asset


@asset(path="beside/{asset}.json")
def beside() -> dict[str, int]:
    return {}


@asset
def reads_beside(beside: int) -> None: ...
"""
NEAR = [rule for rule in all_rules() if rule.check is not None]


def read(folder: Path, files: dict[str, str]) -> tuple[Loaded, Settings]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings = load_settings(folder, environment={})
    return load(settings, fingerprints=False), settings


@pytest.mark.parametrize("example", NEAR, ids=lambda item: item.code)
def test_every_rule_finds_the_same_with_and_without_what_was_found_before(tmp_path: Path, example: Rule) -> None:
    beside = {"pipelines/beside.py": BESIDE}
    bad, settings = read(tmp_path, {**example.files(bad=True), **beside})
    good, _ = read(tmp_path, {**example.files(bad=False), "flowstone.toml": example.files(bad=True)["flowstone.toml"]})
    judgement = judge(bad, settings)
    assert judgement.diagnostics == find_all(bad, settings)
    for state in (good, bad, bad, good):
        judgement = judge(state, settings, judgement)
        assert judgement.diagnostics == find_all(state, settings)


def test_an_earlier_state_under_another_configuration_is_of_no_use(tmp_path: Path) -> None:
    loaded, settings = read(tmp_path, {"pipelines/beside.py": BESIDE, "flowstone.toml": 'sources = ["pipelines"]\n'})
    first = judge(loaded, settings)
    assert {item.code for item in first.diagnostics} == {"FS301"}
    other = replace(settings, default_io_manager="nowhere")
    assert judge(load(other, fingerprints=False), other, first).diagnostics == find_all(
        load(other, fingerprints=False), other
    )
