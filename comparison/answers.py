"""Runs a tool's check step on a program, and reads from its output what it says."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from comparison.tools import QUIET, Tool

SECONDS = 180
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ERROR = re.compile(
    r"(?:^|\s)(?:[a-z_]\w*\.)*(?P<text>[A-Z]\w*(?:Error|Exception|Invalid\w*|Duplicat\w*)\b(?:[:(].*)?)$"
)
_FINDING = re.compile(r"^\S+:\d+:\d+: (?P<text>FS\d{3} \[\w+\] .*)$")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
_ENVIRONMENT = re.compile(r"/\S*/site-packages/")
_SENTENCE = re.compile(r"(?<=[a-z'\])])\. (?=[A-Z])")
_LONGEST = 140


@dataclass(frozen=True)
class Answer:
    """What a tool said."""

    refused: bool
    text: str = ""
    """The first line of the message."""


def ask(tool: Tool, python: str, files: dict[str, str], folder: Path) -> Answer:
    """Write a program and run the check step on it. Errors: TimeoutExpired; ValueError for a refusal without words."""
    for path, text in {**tool.files, **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    home = folder / ".home"
    home.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")},
        "PYTHONHASHSEED": "0",  # some tools tell of cycles in the order of a set
        **QUIET,
        "COLUMNS": "400",
        "DAGSTER_HOME": str(folder),
        "HOME": str(home),
        "PREFECT_HOME": str(home),
    }
    for step in tool.steps:
        done = subprocess.run(
            [python, *step], cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if done.returncode != 0:
            output = _COLOUR.sub("", done.stdout + done.stderr).replace(f"{folder}/", "")
            return Answer(True, _first_words(output, outermost_first=tool.outermost_first))
    return Answer(False)


def _first_words(output: str, *, outermost_first: bool) -> str:
    """The first finding, or the line that names the outermost error, with its continuation if it is only a name."""
    lines = output.splitlines()
    for line in lines:
        if found := _FINDING.match(line):
            return _short(found["text"])
    order = range(len(lines))
    for number in order if outermost_first else reversed(order):
        if found := _ERROR.search(lines[number].rstrip()):
            text = found["text"]
            rest = " ".join(item.strip() for item in lines[number + 1 : number + 3])
            return _short(f"{text} {rest}" if text.endswith(":") or "validation error" in text else text)
    raise ValueError(f"the check step failed without naming an error:\n{output}")


def _short(text: str) -> str:
    text = re.sub(r"\s+", " ", _ADDRESS.sub("0x...", _ENVIRONMENT.sub("", text))).strip()
    text = _SENTENCE.split(text)[0]
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
