"""What cannot be read while it is being written: a text that cannot be parsed, a configuration that is wrong."""

from __future__ import annotations

import re
from pathlib import Path

from flowstone.config.files import FLOWSTONE_TOML, PYPROJECT
from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import Diagnostic, Severity, Span
from flowstone.errors import FlowStoneError
from flowstone.frontend.findings import Findings
from flowstone.frontend.modules import ModuleIndex

CONFIGURATION = "configuration"
"""Stands where other findings have their code: a broken configuration is an error of every command, and no rule."""

UNUSABLE = "FS002"
"""The code of a text that no file could hold: the parser must not see it."""

_PLACE = re.compile(r"(?P<file>[^:\n]*?(?:flowstone|pyproject)\.toml)(?::(?P<line>\d+))?(?::(?P<column>\d+))?: ?")


def text_problem(settings: Settings, path: str, text: str) -> Diagnostic | None:
    """Why a text cannot be parsed; None if it can."""
    start = Span(path, 1, 1, 1, 2)
    if "\0" in text:
        return Diagnostic(UNUSABLE, Severity.ERROR, f"'{path}' holds a NUL character", start, "remove it")
    if not text.isascii() and any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        return Diagnostic(UNUSABLE, Severity.ERROR, f"'{path}' holds half of a character", start, "remove it")
    findings = Findings()
    index = ModuleIndex(settings.root, settings.import_roots, findings, {path: text})
    index.add_files([path])
    problems = [item for item in findings.sorted(index.texts) if item.code in ("FS001", "FS010")]
    return problems[0] if problems else None


def config_problems(root: Path, error: FlowStoneError) -> tuple[Diagnostic, ...]:
    """A wrong configuration as findings in its file, one for each mistake."""
    lines = [line for line in str(error).split("\n") if line and not line.startswith("    ")]
    return tuple(_config_problem(root, line, error.help if len(lines) == 1 else None) for line in lines)


def _config_problem(root: Path, text: str, help: str | None) -> Diagnostic:
    place = _PLACE.match(text)
    file = FLOWSTONE_TOML if (root / FLOWSTONE_TOML).is_file() else PYPROJECT
    line = column = 1
    if place is not None:
        file = Path(place["file"]).name
        line, column = int(place["line"] or 1), int(place["column"] or 1)
        text = text[place.end() :]
    return Diagnostic(CONFIGURATION, Severity.ERROR, text, Span(file, line, column, line, column), help)
