"""``python -m comparison [--tool NAME] [--mistake NAME]``: asks the tools; of all, it writes docs/comparison.md."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from comparison.answers import Answer, ask
from comparison.mistakes import CONTROL, Mistake, read_mistakes
from comparison.page import to_markdown
from comparison.tools import ROOT, TOOLS, Tool, python_of, version_of

PAGE = ROOT / "docs" / "comparison.md"


def main() -> None:
    """Run every program, tell the answers, and write the page if nothing was left out."""
    parser = argparse.ArgumentParser(prog="python -m comparison", description=__doc__)
    parser.add_argument("--tool", choices=[tool.name for tool in TOOLS])
    parser.add_argument("--mistake", help="the beginning of a file's name")
    options = parser.parse_args()
    tools = [tool for tool in TOOLS if options.tool in (None, tool.name)]
    mistakes = [item for item in read_mistakes() if item.name.startswith(options.mistake or "")]
    pythons = {tool.name: python_of(tool) for tool in tools}
    answers = {
        (mistake.name, tool.name): _answer(mistake, tool, pythons[tool.name])
        for tool in tools
        for mistake in mistakes
        if tool.name in mistake.programs
    }
    if wrong := [key for key, answer in answers.items() if key[0] == CONTROL and answer.refused]:
        raise SystemExit(f"the check step itself does not work: {wrong}")
    if options.tool is None and options.mistake is None:
        versions = {tool.name: version_of(tool, pythons[tool.name]) for tool in tools}
        PAGE.write_text(to_markdown(mistakes, answers, versions), encoding="utf-8")


def _answer(mistake: Mistake, tool: Tool, python: str) -> Answer:
    with tempfile.TemporaryDirectory(prefix="comparison-") as folder:
        answer = ask(tool, python, mistake.programs[tool.name], Path(folder).resolve())
    print(f"{tool.name:10} {mistake.name:40} {'refused: ' + answer.text if answer.refused else 'accepted'}", flush=True)
    return answer


if __name__ == "__main__":
    main()
