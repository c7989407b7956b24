"""Every rule that has fixes: its example is put right by them, and nothing else changes."""

from __future__ import annotations

import ast

import pytest
from msgspec.structs import replace

from flowstone.checks.catalog import all_rules
from flowstone.checks.fixing import fix_findings, read_state
from flowstone.checks.selection import STRICT

RULES = all_rules()
FIXED = [item for item in RULES if item.fixes]


def counted(*codes):
    """Findings that are shown, with those of strict rules that are asked for."""
    return lambda each: each.code not in STRICT or each.code in codes


def example(item):
    return replace(item, bad=item.fixable).files(bad=True) if item.fixable is not None else item.files(bad=True)


@pytest.mark.parametrize("item", FIXED, ids=lambda item: item.code)
def test_a_fix_puts_the_example_right(item, settings_of):
    settings = settings_of(example(item))

    outcome = fix_findings(settings, counted(item.code), counted(item.code))

    assert [each.code for each in outcome.before.findings] == [item.code]
    assert [each.code for each in outcome.fixed] == [item.code]
    assert not [each for each in outcome.after.findings if counted(item.code)(each)]
    assert len(outcome.changed) == 1
    (fix,) = [each.fix for each in outcome.fixed]
    assert fix.safe in {remedy.safe for remedy in item.fixes}
    for path, text in outcome.changed.items():
        ast.parse(text)
        kept = outcome.before.texts[path].count("# <- here")
        assert text.count("# <- here") == kept


@pytest.mark.parametrize("item", RULES, ids=lambda item: item.code)
def test_a_rule_without_remedies_has_no_fix(item, settings_of):
    found = read_state(settings_of(item.files(bad=True))).findings

    assert all(item.fixes for each in found if each.fix is not None and each.code == item.code)


@pytest.mark.parametrize("item", [item for item in FIXED if item.fixable is not None], ids=lambda item: item.code)
def test_a_second_example_stands_only_where_the_first_cannot_be_fixed(item, settings_of):
    found = read_state(settings_of(item.files(bad=True))).findings

    assert [each.fix for each in found] == [None]
