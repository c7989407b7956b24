"""What all rules have in common."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from flowstone.checks import rules
from flowstone.checks.catalog import Scope, all_rules, code_of, codes, rule, rules_of
from flowstone.errors import UsageError

RULES = all_rules()


def test_codes_are_unique_and_sorted():
    found = [item.code for item in RULES]

    assert found == sorted(set(found))
    assert list(codes()) == found


def test_names_are_unique():
    assert len({item.name for item in RULES}) == len(RULES)


@pytest.mark.parametrize("item", RULES, ids=lambda item: item.code)
def test_every_rule_is_complete(item):
    assert re.fullmatch(r"FS\d{3}", item.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", item.name)
    assert codes()[item.code] == item.name
    assert item.summary and not item.summary.endswith(".")
    assert item.why.endswith((".", ")"))
    assert len(item.why) > 30
    marked = [text for text in item.files(bad=True).values() if "# <- here" in text]
    assert len(marked) == 1
    assert marked[0].count("# <- here") == 1
    assert not any("# <- here" in text for text in item.files(bad=False).values())


@pytest.mark.parametrize("item", RULES, ids=lambda item: item.code)
def test_every_file_is_named_by_its_rule_and_says_what_it_is(item):
    name = f"{item.code.lower()}_{item.name.replace('-', '_')}.py"
    (path,) = Path(rules.__file__).parent.rglob(name)
    text = path.read_text(encoding="utf-8")

    assert (item.check is None) == (path.parent.name == "elsewhere")
    assert text.startswith(f'"""{item.code}: ')


def test_no_file_of_a_rule_is_overlooked():
    files = {path.stem for path in Path(rules.__file__).parent.rglob("*.py")} - {"__init__"}

    assert files == {f"{item.code.lower()}_{item.name.replace('-', '_')}" for item in RULES}


def test_scopes_are_the_rules_and_nothing_else():
    assert sorted(item.code for scope in get_args(Scope) for item in rules_of(scope)) == list(codes())


def test_a_rule_is_found_by_code_and_by_name():
    assert rule("FS202") is rule("fs202") is rule("cycle")


@pytest.mark.parametrize(("word", "hint"), [("FS999", "FS"), ("cicle", "cycle"), ("zzz", "--all")])
def test_an_unknown_code_is_told_with_the_nearest(word, hint):
    with pytest.raises(UsageError) as caught:
        code_of(word)

    assert word in str(caught.value)
    assert hint in (caught.value.help or "")
