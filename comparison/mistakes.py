"""Reads the mistakes: a text file each, with one program a tool.

Its first line says what is wrong. ``=== TOOL`` begins a program, ``# file: PATH`` a further file of it, and
``=== TOOL, none: REASON`` says why there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from comparison.tools import TOOLS

FOLDER = Path(__file__).parent / "mistakes"
CONTROL = "00_no_mistake"
"""The program without a mistake: a tool that refuses it refuses the others for another reason than theirs."""
_PROGRAM = re.compile(r"^=== (?P<tool>\w+)(?:, none: (?P<reason>.+))?$")
_FILE = re.compile(r"^# file: (?P<path>\S+)$")


@dataclass
class Mistake:
    """One mistake in all tools."""

    name: str
    title: str
    programs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Files by path, by tool."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why there is no program, by tool."""


def read_mistakes() -> list[Mistake]:
    """All mistakes in order. Errors: ValueError for a file that lacks a tool."""
    return [_read(path) for path in sorted(FOLDER.glob("*.txt"))]


def _read(path: Path) -> Mistake:
    title, *lines = path.read_text(encoding="utf-8").splitlines()
    found = Mistake(path.stem, title)
    first = {tool.name: tool.program for tool in TOOLS}
    tool = file = ""
    for line in lines:
        if begin := _PROGRAM.match(line):
            tool, file = begin["tool"], first[begin["tool"]]
            if begin["reason"]:
                found.reasons[tool] = begin["reason"]
        elif named := _FILE.match(line):
            file = named["path"]
        elif tool and tool not in found.reasons and (line.strip() or file in found.programs.get(tool, {})):
            files = found.programs.setdefault(tool, {})
            files[file] = f"{files.get(file, '')}{line}\n"
    if missing := first.keys() - found.programs.keys() - found.reasons.keys():
        raise ValueError(f"{path.name}: nothing is said of {', '.join(sorted(missing))}")
    return found
