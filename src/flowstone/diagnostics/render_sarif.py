"""Findings as SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from urllib.parse import quote

from flowstone.__about__ import __version__
from flowstone.diagnostics.diagnostic import Diagnostic, Fix, Severity, Span
from flowstone.diagnostics.excerpt import printable

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


class Described(Protocol):
    """What SARIF tells of a rule."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def summary(self) -> str: ...
    @property
    def why(self) -> str: ...


def render_sarif(diagnostics: Iterable[Diagnostic], rules: Sequence[Described]) -> str:
    """One run with all findings; paths are relative to ``%SRCROOT%``, the project's folder."""
    index = {rule.code: number for number, rule in enumerate(rules)}
    driver = {"name": "FlowStone", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, index) for item in diagnostics],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Described) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(item: Diagnostic, index: dict[str, int]) -> dict[str, Any]:
    text = printable(item.message) + (f"\nhelp: {printable(item.help)}" if item.help else "")
    result: dict[str, Any] = {
        "ruleId": item.code,
        "level": _LEVELS[item.severity],
        "message": {"text": text},
        "locations": [_location(item.span)],
    }
    if item.code in index:
        result["ruleIndex"] = index[item.code]
    if item.related:
        result["relatedLocations"] = [
            {"id": number, **_location(place.span), "message": {"text": printable(place.message)}}
            for number, place in enumerate(item.related, 1)
        ]
    if item.fix:
        result["fixes"] = [_fix(item.fix)]
    return result


def _location(span: Span) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(span.file), "region": _region(span)}}


def _artifact(file: str) -> dict[str, str]:
    return {"uri": quote(file, errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    files = list(dict.fromkeys(edit.span.file for edit in fix.edits))
    return {
        "description": {"text": printable(fix.title)},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(file),
                "replacements": [
                    {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
                    for edit in fix.edits
                    if edit.span.file == file
                ],
            }
            for file in files
        ],
        "properties": {"safe": fix.safe},
    }
