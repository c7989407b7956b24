"""What is found after a change with the help of what was found before is what is found without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from flowstone.checks import find_all, judge
from flowstone.checks.catalog import rules_of
from flowstone.checks.engine import apply, subject_of
from flowstone.checks.outside import SEEN, outside
from flowstone.checks.rule import Rule
from flowstone.config import Settings, load_settings
from flowstone.frontend import Loaded, load
from flowstone.ir.project import Project

BESIDE = """\
from flowstone import asset


@asset(path="beside/{asset}.json")
def beside() -> dict[str, int]:
    return {}


@asset
def reads_beside(beside: int) -> None: ...
"""
_BLANK: dict[str, Any] = {
    "cache": True,
    "code": "",
    "description": "",
    "spots": {},
    "engine_options": {},
    "meta": {},
    "owners": (),
    "bodies": {},
}
GRAPH = rules_of("graph")
RULES = (*rules_of("near"), *GRAPH)


def read(folder: Path, files: dict[str, str]) -> tuple[Loaded, Settings]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settings = load_settings(folder, environment={})
    return load(settings, fingerprints=False), settings


@pytest.mark.parametrize("example", RULES, ids=lambda item: item.code)
def test_every_rule_finds_the_same_with_and_without_what_was_found_before(tmp_path: Path, example: Rule) -> None:
    beside = {"pipelines/beside.py": BESIDE}
    bad, settings = read(tmp_path, {**example.files(bad=True), **beside})
    good, _ = read(tmp_path, {**example.files(bad=False), "flowstone.toml": example.files(bad=True)["flowstone.toml"]})
    judgement = judge(bad, settings)
    assert judgement.diagnostics == find_all(bad, settings)
    for state in (good, bad, bad, good):
        judgement = judge(state, settings, judgement)
        assert judgement.diagnostics == find_all(state, settings)


@pytest.mark.parametrize("example", GRAPH, ids=lambda item: item.code)
def test_rules_about_the_graph_do_not_see_more_than_what_is_outside(tmp_path: Path, example: Rule) -> None:
    loaded, settings = read(tmp_path, {**example.files(bad=True), "pipelines/beside.py": BESIDE})
    shown = outside(loaded.project)
    there = loaded.project.model_dump()
    there["bodies"] = {
        module: [fact for fact in facts if fact["kind"] in SEEN]
        for module, facts in there["bodies"].items()
        if module in shown["bodies"]
    }
    bare = Project.model_validate(_without(there, shown))
    assert outside(bare) == shown
    subject = subject_of(loaded, settings)
    found = list(apply([example], subject))
    assert found or example.code in {item.code for item in loaded.diagnostics}
    again = list(apply([example], replace(subject, project=bare)))
    assert [(item.code, item.message) for item in again] == [(item.code, item.message) for item in found]


def _without(there: Any, shown: Any) -> Any:
    """A dumped project in which everything is blank that is not shown; of places the file is left."""
    if isinstance(there, dict):
        return {
            key: _without(value, shown[key]) if key in shown else _blank(key, value) for key, value in there.items()
        }
    if isinstance(there, list | tuple):
        return [_without(value, other) for value, other in zip(there, shown, strict=True)]
    return there


def _blank(key: str, value: Any) -> Any:
    if key in ("location", "job_location") and value is not None:
        return {**value, "line": 1, "column": 1, "end_line": 1, "end_column": 2}
    return _BLANK.get(key)


def test_an_earlier_state_under_another_configuration_is_of_no_use(tmp_path: Path) -> None:
    loaded, settings = read(tmp_path, {"pipelines/beside.py": BESIDE, "flowstone.toml": 'sources = ["pipelines"]\n'})
    first = judge(loaded, settings)
    assert {item.code for item in first.diagnostics} == {"FS301"}
    other = replace(settings, default_io_manager="nowhere")
    assert judge(load(other, fingerprints=False), other, first).diagnostics == find_all(
        load(other, fingerprints=False), other
    )
