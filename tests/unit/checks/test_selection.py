"""Which codes are selected."""

from __future__ import annotations

import pytest

from flowstone.checks.catalog import all_rules, codes, rule
from flowstone.checks.selection import NEVER_IGNORED, STRICT, Selection, code_prefix, covered, words
from flowstone.diagnostics.diagnostic import Severity
from flowstone.errors import UsageError


@pytest.mark.parametrize(
    ("select", "ignore", "code", "shown"),
    [
        ((), (), "FS301", True),
        (("FS3",), (), "FS301", True),
        (("FS3",), (), "FS201", False),
        (("FS301", "FS2"), (), "FS201", True),
        ((), ("FS3",), "FS301", False),
        (("FS3",), ("FS302",), "FS302", False),
        (("FS302",), ("FS3",), "FS302", True),
        (("FS302",), ("FS302",), "FS302", False),
        (("FS",), (), "FS801", True),
    ],
)
def test_the_longer_beginning_decides(select, ignore, code, shown):
    assert Selection(select, ignore).shows(code) is shown


@pytest.mark.parametrize(
    ("select", "ignore", "strict", "shown"),
    [
        ((), (), False, False),
        ((), (), True, True),
        (("FS3",), (), False, False),
        (("FS3",), (), True, True),
        (("FS2",), (), True, False),
        (("FS314",), (), False, True),
        (("FS314",), ("FS314",), False, False),
        ((), ("FS31",), True, False),
    ],
)
def test_strict_codes_are_shown_only_where_they_are_asked_for(select, ignore, strict, shown):
    assert Selection(select, ignore, strict=strict).shows("FS314") is shown


@pytest.mark.parametrize(
    ("word", "prefix"),
    [("FS301", "FS301"), ("fs3", "FS3"), ("FS", "FS"), ("cycle", "FS202"), ("Type-Mismatch", "FS301")],
)
def test_a_code_its_beginning_or_its_name_means_it(word, prefix):
    assert code_prefix(word) == prefix


def test_texts_hold_one_word_or_several():
    assert words(["FS1, cycle", "FS3", " ,"]) == ["FS1", "cycle", "FS3"]


def test_a_beginning_covers_the_codes_that_there_are():
    assert covered("FS") == set(codes())
    assert covered("FS301") == {"FS301"}
    assert covered("FS33") == set()


def test_the_strict_codes_are_those_of_the_strict_rules():
    assert {item.code for item in all_rules() if item.strict} == STRICT


def test_only_errors_are_never_ignored():
    assert {rule(code).severity for code in NEVER_IGNORED} == {Severity.ERROR}


def test_a_beginning_of_no_code_is_refused_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        code_prefix("FS33")

    assert "'FS33'" in str(caught.value)
    assert "FS3" in (caught.value.help or "")
