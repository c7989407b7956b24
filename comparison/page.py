"""The results as a page of the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comparison.answers import Answer
from comparison.mistakes import CONTROL, Mistake
from comparison.tools import TOOLS

Answers = Mapping[tuple[str, str], Answer]
"""By mistake and tool."""

_HEAD = """\
# The same mistakes elsewhere

<!-- Made by `make compare` from real runs. Do not edit. -->

Each mistake is written for every tool as its documentation would write the pipeline; where there are two ways, in the
one in which the tool is likelier to notice. Then the check step that the tool offers before anything runs is run on it.
The programs are in [comparison/mistakes](../comparison/mistakes).

*refused*: the check step fails and says why. *accepted*: it succeeds; the mistake shows when the pipeline runs, or
never. *-*: the mistake cannot be made there, for the reason given below.

The mistakes are those that FlowStone looks for. So the table says what FlowStone adds, and not how good the others
are: each of them sees things that are not in it. It compares one thing only: what is seen before a run, by the
step that a pre-commit hook or CI can take. All but FlowStone import the code to see it, so that all packages of
the pipeline must be installed there.
"""


def to_markdown(mistakes: Sequence[Mistake], answers: Answers, versions: Mapping[str, str]) -> str:
    """The page."""
    parts = [_HEAD, _tools(versions), _table(mistakes, answers), "## What each said\n"]
    parts += [_details(mistake, answers) for mistake in mistakes]
    return "\n".join(parts)


def _tools(versions: Mapping[str, str]) -> str:
    rows = ["| tool | version | check step |", "|---|---|---|"]
    rows += [f"| {tool.name} | {versions[tool.name]} | {tool.command} |" for tool in TOOLS]
    return "\n".join([*rows, ""])


def _table(mistakes: Sequence[Mistake], answers: Answers) -> str:
    rows = [f"| mistake | {' | '.join(tool.name for tool in TOOLS)} |", f"|---|{'---|' * len(TOOLS)}"]
    for mistake in mistakes:
        cells = [_cell(answers.get((mistake.name, tool.name)), mistake.name == CONTROL) for tool in TOOLS]
        rows.append(f"| [{mistake.title}](#{_anchor(mistake.title)}) | {' | '.join(cells)} |")
    counts = [_count(tool.name, mistakes, answers) for tool in TOOLS]
    return "\n".join([*rows, f"| **refused, of those that can be made** | {' | '.join(counts)} |", ""])


def _cell(answer: Answer | None, right: bool) -> str:
    if answer is None:
        return "-"
    return "refused" if answer.refused else "accepted" if right else "**accepted**"


def _count(tool: str, mistakes: Sequence[Mistake], answers: Answers) -> str:
    made = [mistake.name for mistake in mistakes if mistake.name != CONTROL]
    given = [answers[name, tool] for name in made if (name, tool) in answers]
    return f"{sum(answer.refused for answer in given)} of {len(given)}"


def _anchor(title: str) -> str:
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")


def _details(mistake: Mistake, answers: Answers) -> str:
    lines = [f"### {mistake.title}\n"]
    for tool in TOOLS:
        answer = answers.get((mistake.name, tool.name))
        if answer is None:
            lines.append(f"- {tool.name}: - ({mistake.reasons[tool.name]})")
        elif answer.refused:
            lines.append(f"- {tool.name}: refused: `{answer.text.replace('`', chr(39))}`")
        else:
            lines.append(f"- {tool.name}: accepted")
    return "\n".join([*lines, ""])
