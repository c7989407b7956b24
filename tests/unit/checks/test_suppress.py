"""Comments that hide findings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowstone.checks.suppress import find_ignores, suppress
from flowstone.diagnostics.diagnostic import Diagnostic, Severity, Span

FILE = "pipelines/example.py"


def finding(line, code="FS301", file=FILE):
    return Diagnostic(code, Severity.ERROR, "wrong", Span(file, line, 1, line, 5))


def left(source, *findings):
    return [(item.code, item.span.line) for item in suppress(findings, {FILE: source})]


def test_a_comment_hides_the_codes_that_it_names_on_its_line():
    source = "a = 1  # flowstone: ignore[FS301, FS302]\nb = 2\n"

    assert left(source, finding(1), finding(1, "FS302"), finding(1, "FS303"), finding(2)) == [
        ("FS303", 1),
        ("FS301", 2),
    ]


def test_a_file_comment_hides_its_codes_everywhere_in_the_file():
    source = "# flowstone: ignore-file[FS301]\na = 1\nb = 2\n"

    assert left(source, finding(2), finding(3), finding(3, "FS302")) == [("FS302", 3)]
    assert next(item.span.file for item in suppress([finding(2, file="other.py")], {FILE: source})) == "other.py"


@pytest.mark.parametrize("marked", [0, 3, 7])
def test_a_comment_on_the_decorator_or_def_line_speaks_for_the_whole_head(marked):
    lines = [
        "@asset(",
        "    group='x',",
        ")",
        "def orders(",
        "    days: int,",
        "    # limit",
        "    limit: int,",
        ") -> None:",
        "    pass",
    ]
    lines[marked] += "  # flowstone: ignore[FS301]"

    assert left("\n".join(lines), finding(2), finding(5), finding(7)) == []
    assert left("\n".join(lines), finding(2), finding(9)) == [("FS301", 9)]


def test_a_comment_at_the_end_of_a_statement_speaks_for_all_its_lines():
    source = "nightly = Job(\n    'nightly',\n    select='x',\n)  # flowstone: ignore[FS301]\n"

    assert left(source, finding(3)) == []


def test_text_in_strings_is_no_comment():
    source = 'a = "# flowstone: ignore[FS301]"\nb = """\n# flowstone: ignore-file[FS301]\n"""\n'

    assert left(source, finding(1), finding(3)) == [("FS301", 1), ("FS301", 3)]


def test_what_hides_nothing_is_told():
    found = suppress([finding(2)], {FILE: "a = 1  # flowstone: ignore[FS301]\nb = 2\n"})

    assert [(item.code, item.severity, item.span.line) for item in found] == [
        ("FS301", Severity.ERROR, 2),
        ("FS011", Severity.WARNING, 1),
    ]


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("ignore[FS999]", "there is no diagnostic 'FS999'"),
        ("ignore", "names no code"),
        ("ignore[]", "names no code"),
        ("ignore-file[FS301]", "nothing is found here"),
    ],
)
def test_a_comment_that_cannot_hide_anything_is_told(comment, words):
    (found,) = suppress([], {FILE: f"a = 1  # flowstone: {comment}\n"})

    assert found.code == "FS011"
    assert words in found.message


@pytest.mark.parametrize("word", ["type-mismatch", "Type-Mismatch", "fs301", " FS301 "])
def test_a_name_or_another_case_means_the_code(word):
    assert left(f"a = 1  # flowstone: ignore[{word}]\n", finding(1)) == []
    assert left(f"# flowstone: ignore-file[FS302, {word}]\n", finding(3), finding(4, "FS302")) == []


def test_each_code_of_a_comment_is_judged_by_itself():
    found = suppress([finding(1)], {FILE: "a = 1  # flowstone: ignore[FS301, type-mismatch, FS302, cycel]\n"})

    assert [(item.code, item.about) for item in found] == [("FS011", "FS302"), ("FS011", "")]
    assert found[1].help == "did you mean 'cycle'?"


def test_infos_of_a_code_that_is_never_ignored_can_be():
    info = Diagnostic("FS801", Severity.INFO, "so it is", Span(FILE, 1, 1, 1, 5))

    assert suppress([info], {FILE: "a = 1  # flowstone: ignore[FS801]\n"}) == ()


def test_an_unused_comment_can_be_hidden_too():
    assert left("a = 1  # flowstone: ignore[FS301, FS011]\n") == []


def test_a_broken_file_keeps_the_comments_before_the_break():
    source = "a = 1  # flowstone: ignore[FS302]\ndef (:\n  '''\n"

    assert left(source, finding(1, "FS302")) == []


def test_what_cannot_be_carried_out_is_not_hidden():
    source = "a = 1  # flowstone: ignore[FS202]\n"

    assert left(source, finding(1, "FS202")) == [("FS202", 1), ("FS011", 1)]


def test_columns_are_those_of_the_comment():
    (found,) = find_ignores(FILE, "é = 1  # noqa  # flowstone: ignore[FS301]\n")

    assert (found.span.line, found.span.column, found.span.end_column) == (1, 16, 42)


PIECES = [
    "# flowstone: ignore",
    "-file",
    "[FS301]",
    "[",
    "'''",
    '"',
    "\n",
    "  ",
    "def f(",
    "@a",
    ")",
    ":",
    "\\",
    "\t",
    "\x00",
    "\ud800",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join))
def test_no_text_is_too_strange(text):
    found = suppress([finding(1), finding(2)], {FILE: text})

    assert all(item.code in ("FS301", "FS011") for item in found)
