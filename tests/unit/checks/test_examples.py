"""The examples of every rule, checked as projects."""

from __future__ import annotations

from typing import ClassVar

import pytest

from flowstone import registry
from flowstone.checks.catalog import all_rules
from flowstone.diagnostics.diagnostic import Severity
from flowstone.io.contract import Options
from flowstone.io.memory import MemoryManager

RULES = all_rules()
BY_A_TARGET = frozenset({"FS801"})
"""Codes that only a target finds, while it compiles."""


class TableOptions(Options):
    table: str


class TableManager(MemoryManager):
    """The plug-in that an example speaks of."""

    AssetOptions: ClassVar[type[Options]] = TableOptions


@pytest.fixture(autouse=True)
def plug_in(monkeypatch):
    original = registry.io_manager_class
    monkeypatch.setattr(registry, "io_manager_class", lambda name: TableManager if name == "tables" else original(name))


def marked_place(files):
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            if "# <- here" in line:
                return path, number
    raise AssertionError("no line is marked")


@pytest.mark.parametrize("item", [item for item in RULES if item.code not in BY_A_TARGET], ids=lambda item: item.code)
def test_the_bad_example_is_found_where_it_says(item, find):
    files = item.files(bad=True)

    found = find(files)

    places = [(each.span.file, each.span.line) for each in found if each.code == item.code]
    assert places == [marked_place(files)], found
    assert {each.code for each in found} == {item.code}, found
    expected = Severity.WARNING if item.code == "FS312" else item.severity  # an error once code is compiled for it
    assert {each.severity for each in found} == {expected}


@pytest.mark.parametrize("item", [item for item in RULES if item.code not in BY_A_TARGET], ids=lambda item: item.code)
def test_the_good_example_has_no_finding(item, find):
    assert find(item.files(bad=False)) == ()


@pytest.mark.parametrize("name", ["d", "e", "f", "de", "async_"])
def test_short_names_are_found_behind_the_word_def(name, find):
    found = find({"pipelines/a.py": f"from flowstone import asset\n@asset\nasync def {name}(): ...\n"})

    assert [(each.code, each.span.column, each.span.end_column) for each in found] == [("FS302", 11, 11 + len(name))]


@pytest.mark.parametrize(("bad", "codes"), [(True, ["FS801"]), (False, [])])
def test_what_a_target_cannot_do_is_found_by_the_target(bad, codes, project_of):
    (item,) = [item for item in RULES if item.code in BY_A_TARGET]
    files = item.files(bad=bad)

    found = list(registry.target("airflow").check(project_of(files)))

    assert [each.code for each in found] == codes
    assert [(each.span.file, each.span.line) for each in found] == ([marked_place(files)] if bad else [])
