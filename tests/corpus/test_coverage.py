"""The corpus is large, and speaks of every rule."""

from __future__ import annotations

from collections import Counter

import pytest

from flowstone.checks.catalog import all_rules
from tests.corpus.reading import CASES, CORPUS

SHAPES = 3
"""Cases of each kind that a rule needs at least."""
ODD = {
    "FS010": "a file that is nested so deeply cannot be read by people: tests/unit/frontend/test_modules.py makes some"
}
"""Rules without cases, and why."""
FILES = {path.stem for path in CASES.glob("*.txt")}
RULES = {f"{rule.code.lower()}_{rule.name.replace('-', '_')}" for rule in all_rules()}


def test_each_file_is_named_like_its_rule():
    assert FILES <= RULES


def test_a_bad_case_is_about_the_rule_of_its_file_and_a_good_one_expects_nothing():
    wrong = {
        case.id
        for case in CORPUS
        if {item.code for item in case.expected} != ({case.code} if case.kind == "bad" else set())
    }

    assert wrong == set()


def test_no_two_cases_of_a_file_have_one_title():
    assert [title for title, times in Counter(case.id for case in CORPUS).items() if times > 1] == []


@pytest.mark.parametrize("code", sorted({rule.code for rule in all_rules()} - ODD.keys()))
def test_every_rule_has_bad_cases_and_good_ones(code):
    kinds = Counter(case.kind for case in CORPUS if case.code == code)

    assert kinds["bad"] >= SHAPES
    assert kinds["good"] >= SHAPES


def test_there_are_enough_cases():
    assert sum(case.kind == "bad" for case in CORPUS) >= 150
    assert sum(case.kind == "good" for case in CORPUS) >= 150
