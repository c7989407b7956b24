"""The page that compares with other tools: what stands there of FlowStone is still so, and no mistake is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from comparison.mistakes import CONTROL, read_mistakes
from comparison.tools import TOOLS
from flowstone.checks import run_checks
from flowstone.config import load_settings
from flowstone.frontend import load

PAGE = (Path(__file__).parents[3] / "docs" / "comparison.md").read_text(encoding="utf-8")
MISTAKES = read_mistakes()
FLOWSTONE = TOOLS[0]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_the_page_says_what_check_finds(mistake, tmp_path):
    for path, text in {**FLOWSTONE.files, **mistake.programs[FLOWSTONE.name]}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    settings = load_settings(tmp_path, environment={})

    found = run_checks(load(settings), settings)

    section = PAGE.partition(f"### {mistake.title}\n")[2].partition("\n### ")[0]
    said = re.search(r"^- flowstone: (accepted|refused: `(FS\d{3}) )", section, re.MULTILINE)
    assert said is not None, "run make compare"
    assert [item.code for item in found][:1] == ([] if mistake.name == CONTROL else [said[2]])


def test_every_tool_has_an_answer_to_every_mistake():
    for mistake in MISTAKES:
        section = PAGE.partition(f"### {mistake.title}\n")[2].partition("\n### ")[0]
        assert re.findall(r"^- (\w+): ", section, re.MULTILINE) == [tool.name for tool in TOOLS]
