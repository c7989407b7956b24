"""Findings of the front end, of the rules and of comments, together."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowstone.checks.engine import find_all, run_checks
from flowstone.config.model import Settings
from flowstone.diagnostics.diagnostic import Diagnostic, Severity, Span
from flowstone.errors import UsageError
from flowstone.frontend import Loaded

FILE = "pipelines/example.py"


def settings(**more):
    return Settings(name="x", root=Path("/p"), home=Path("/p/.flowstone"), sources=("pipelines",), **more)


@pytest.fixture
def project(build):
    return build.asset("orders", type="str").asset("report", build.dep("orders", "int")).project


def test_findings_are_sorted_by_place(project):
    front = Diagnostic("FS006", Severity.ERROR, "odd", Span(FILE, 1, 1, 1, 2))

    found = run_checks(Loaded(project, (front,), {}), settings())

    assert [item.code for item in found] == ["FS006", "FS301"]


def test_where_the_front_end_has_the_same_finding_its_words_are_kept(project):
    (rules_own,) = run_checks(Loaded(project, (), {}), settings())
    front = Diagnostic("FS301", Severity.ERROR, "in other words", rules_own.span)

    assert run_checks(Loaded(project, (front,), {}), settings()) == (front,)


def test_the_settings_select(project):
    loaded = Loaded(project, (), {})

    assert run_checks(loaded, settings(ignore=("FS301",))) == ()
    assert run_checks(loaded, settings(select=("FS2",))) == ()
    assert len(find_all(loaded, settings(ignore=("FS301",)))) == 1


def test_an_unknown_code_in_the_settings_is_wrong_usage(project):
    with pytest.raises(UsageError, match="FS999"):
        run_checks(Loaded(project, (), {}), settings(select=("FS999",)))


def test_comments_hide_findings_of_rules(project):
    text = "\ndef report(orders: int) -> int: ...  # flowstone: ignore[FS301]\n"

    assert run_checks(Loaded(project, (), {FILE: text}), settings()) == ()


@pytest.mark.parametrize(
    ("origin", "warned"),
    [("default", False), ("flowstone.toml:3", True), ("profile prod (flowstone.toml:9)", True)],
)
def test_a_target_counts_once_something_is_configured_for_it(build, origin, warned):
    build.asset("orders", manager="scratch").asset("report", build.dep("orders", "int"))

    found = run_checks(Loaded(build.project, (), {}), settings(origins={"airflow.output": origin}))

    assert [item.code for item in found] == (["FS312"] if warned else [])


def test_what_cannot_be_carried_out_is_told_whatever_the_settings_say(build):
    build.asset("a", build.dep("b")).asset("b", build.dep("a"))

    for chosen in (settings(ignore=("FS2",)), settings(select=("FS3",))):
        assert [item.code for item in run_checks(Loaded(build.project, (), {}), chosen)] == ["FS202"]
