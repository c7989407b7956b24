"""Findings as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable

from flowstone.diagnostics.diagnostic import Diagnostic, Severity
from flowstone.diagnostics.excerpt import printable

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_github(diagnostics: Iterable[Diagnostic], *, prefix: str = "") -> str:
    """One line for each finding. ``prefix`` is put before each file's path."""
    return "".join(f"{_command(item, prefix)}\n" for item in diagnostics)


def _command(item: Diagnostic, prefix: str) -> str:
    span = item.span
    properties = {"file": prefix + span.file, "line": span.line, "endLine": span.end_line, "title": item.code}
    if span.line == span.end_line:  # GitHub refuses columns of a place that spans lines
        properties |= {"col": span.column, "endColumn": span.end_column}
    message = [item.message, *([f"help: {item.help}"] if item.help else [])]
    message += [f"{prefix}{place.span.file}:{place.span.line}: {place.message}" for place in item.related]
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_LEVELS[item.severity]} {listed}::{'%0A'.join(map(_data, message))}"


def _data(text: str) -> str:
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
