"""Findings as text."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Diagnostic, Related, Severity, Span
from flowstone.diagnostics.excerpt import excerpt, printable, source_lines
from flowstone.diagnostics.render_text import render_text, summary


def test_a_finding_shows_its_line_the_other_place_and_what_to_do(finding, sources):
    assert render_text([finding], sources) == (
        "pipelines/a.py:4:12: FS301 [error] 'report' takes 'orders' as int, but it is str\n"
        "    4 | def report(orders: int) -> int: ...\n"
        "      |            ^^^^^^\n"
        "  --> pipelines/a.py:2:5: 'orders' returns str\n"
        "    2 | def orders() -> str: ...\n"
        "      |     ^^^^^^\n"
        "  = help: annotate the parameter as str\n"
    )


def test_without_the_source_there_is_no_excerpt(finding):
    assert len(render_text([finding], {}).splitlines()) == 3


def test_a_prefix_leads_to_the_file_from_the_current_folder(finding, sources):
    text = render_text([finding], sources, prefix="examples/shop/")

    assert text.startswith("examples/shop/pipelines/a.py:4:12: ")
    assert "--> examples/shop/pipelines/a.py:2:5" in text
    assert "^^^^^^" in text


def test_many_further_places_take_a_line_each(finding, sources):
    many = replace(finding, related=finding.related * 10)

    assert len(render_text([many], sources).splitlines()) == 14


def test_the_line_of_a_secret_is_not_shown(finding, sources):
    secret = replace(finding, code="FS703", message="looks like a secret", related=())

    for prefix in ("", "sub/"):
        text = render_text([finding, secret], sources, prefix=prefix)
        assert "def report" not in text
        assert "def orders" in text


def test_control_characters_are_never_printed(finding):
    evil = "\x1b[31m\u202e\x07\u200b\ud800"
    item = Diagnostic(
        "FS101", Severity.ERROR, evil, Span(f"a{evil}.py", 1, 1, 1, 2), evil, (Related(finding.span, evil),)
    )

    text = render_text([item], {f"a{evil}.py": f"x = '{evil}'\r\n"})

    assert not any(char in text for char in evil if not char.isprintable())
    assert "\\x1b[31m\\u202e\\x07\\u200b\\ud800" in text


@pytest.mark.parametrize(
    ("line", "columns", "under"),
    [
        ("\tx = 1", (2, 3), ("    x = 1", 4, 1)),
        ("日本 = x", (6, 7), ("日本 = x", 7, 1)),
        ("日本 = x", (1, 3), ("日本 = x", 0, 4)),
        ("é = x", (1, 2), ("é = x", 0, 1)),
        ("x = 1", (1, 99), ("x = 1", 0, 5)),
        ("x = 1", (99, 100), ("x = 1", 5, 1)),
        ("a\x0cb", (3, 4), ("a\\x0cb", 5, 1)),
    ],
)
def test_carets_stand_under_what_they_mean(line, columns, under):
    found = excerpt(Span("a.py", 2, columns[0], 2, columns[1]), source_lines(f"first\n{line}\nlast"))

    assert found is not None
    assert (found.text, found.indent, found.width) == under


def test_a_long_line_is_shown_around_the_place():
    found = excerpt(Span("a.py", 1, 1001, 1, 1005), source_lines("x" * 1000 + "here" + "y" * 1000))

    assert found is not None
    assert len(found.text) < 170
    assert found.text[found.indent : found.indent + found.width] == "here"


def test_a_place_that_spans_lines_is_marked_to_the_end_of_its_first():
    found = excerpt(Span("a.py", 1, 3, 4, 2), source_lines("a = [\n1,\n2,\n]\n"))

    assert found is not None
    assert (found.indent, found.width) == (2, 3)


def test_a_line_that_is_not_there_has_no_excerpt():
    assert excerpt(Span("a.py", 9, 1, 9, 2), ["x", ""]) is None


def test_line_ends_are_escaped():
    assert printable("a\r\nb\tc") == "a\\r\\nb\\tc"


def test_the_summary_counts(finding):
    warning = replace(finding, severity=Severity.WARNING, span=Span("b.py", 1, 1, 1, 1))

    assert summary([finding]) == "Found 1 error in 1 file"
    assert summary([finding, finding, warning]) == "Found 2 errors, 1 warning in 2 files"


def test_plain_text_imports_only_the_standard_library():
    program = (
        "import sys; from flowstone.diagnostics import render_text, render_json, render_github, render_sarif;"
        "sys.exit(any(name in sys.modules for name in ('rich', 'pydantic', 'click')))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@given(
    st.text(st.characters() | st.sampled_from("\t\x1b\u202e\ud800日"), max_size=300),
    st.integers(-2, 9),
    st.integers(-2, 400),
    st.integers(-2, 9),
    st.integers(-2, 400),
)
def test_any_place_in_any_text_can_be_shown(text, line, column, end_line, end_column):
    found = excerpt(Span("a.py", line, column, end_line, end_column), source_lines(text))

    if found is not None:
        assert found.width >= 1
        assert found.indent >= 0
        assert printable(found.text) == found.text
