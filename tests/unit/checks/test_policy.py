"""What is shown, and how bad it is, by project and path."""

from __future__ import annotations

import pytest

from flowstone.checks.policy import policy
from flowstone.config import load_settings
from flowstone.diagnostics.diagnostic import Diagnostic, Severity, Span
from flowstone.errors import UsageError

NEW, OLD = "pipelines/new.py", "pipelines/legacy/old.py"


@pytest.fixture
def settings(tmp_path):
    def of(text: str):
        (tmp_path / "pipelines").mkdir(exist_ok=True)
        (tmp_path / "flowstone.toml").write_text(f"sources = ['pipelines']\n{text}")
        return load_settings(tmp_path, environment={})

    return of


def finding(code, severity=Severity.ERROR, file=NEW, about=""):
    return Diagnostic(code, severity, "wrong", Span(file, 1, 1, 1, 2), about=about)


def codes(found):
    return [item.code for item in found]


def test_the_project_selects_and_ignores(settings):
    found = [finding("FS301"), finding("FS302"), finding("FS405"), finding("FS601", Severity.WARNING)]

    assert codes(policy(settings("select = ['FS3', 'FS4']\nignore = ['type-mismatch']")).apply(found)) == [
        "FS302",
        "FS405",
    ]
    assert codes(policy(settings("select = ['FS3']"), select=["FS405"]).apply(found)) == ["FS405"]
    assert codes(policy(settings("ignore = ['FS3']"), ignore=["FS4,FS302"]).apply(found)) == ["FS301", "FS601"]


def test_a_path_ignores(settings):
    judge = policy(settings("per_path_ignores.'pipelines/legacy/**' = ['FS3']"))

    found = judge.apply([finding("FS301"), finding("FS301", file=OLD), finding("FS405", file=OLD)])

    assert [(item.code, item.span.file) for item in found] == [("FS301", NEW), ("FS405", OLD)]


def test_all_but_a_path_ignores(settings):
    judge = policy(settings(f"per_path_ignores.'!{NEW}' = ['FS3']"))

    assert [item.span.file for item in judge.apply([finding("FS301"), finding("FS301", file=OLD)])] == [NEW]


def test_severities_of_the_project_and_of_paths(settings):
    text = """
    severity = { FS3 = "info", missing-return-annotation = "error" }
    per_path_severity."legacy/" = { FS302 = "warning" }
    per_path_severity."old.py" = { FS = "warning" }
    """
    found = [
        finding(code, Severity.WARNING, file) for code, file in [("FS301", NEW), ("FS302", NEW), ("FS302", OLD)]
    ] + [finding("FS405"), finding("FS405", file=OLD)]

    judged = policy(settings(text)).apply(found)

    assert [(item.code, item.severity) for item in judged] == [
        ("FS301", Severity.INFO),
        ("FS302", Severity.ERROR),
        ("FS302", Severity.WARNING),
        ("FS405", Severity.ERROR),
        ("FS405", Severity.WARNING),
    ]


def test_what_cannot_be_carried_out_stays_whatever_its_family_is(settings):
    text = """
    select = ["FS3"]
    ignore = ["FS2"]
    severity = { FS = "info" }
    per_path_ignores."**" = ["FS2"]
    """

    (item,) = policy(settings(text)).apply([finding("FS202")])

    assert item.severity is Severity.ERROR


def test_a_command_may_look_at_some_codes_only(settings):
    assert policy(settings(""), select=["FS3"]).apply([finding("FS202")]) == ()
    assert policy(settings(""), select=["FS3", "FS202"]).apply([finding("FS202")]) != ()


def test_infos_of_such_a_code_are_ignored_like_others(settings):
    assert policy(settings("ignore = ['FS']")).apply([finding("FS801", Severity.INFO)]) == ()


def test_a_finding_about_a_rule_that_is_not_shown_is_not_shown(settings):
    unused = finding("FS011", Severity.WARNING, about="FS301")

    assert policy(settings("")).apply([unused]) == (unused,)
    for text in ("ignore = ['FS301']", "select = ['FS011']", f"per_path_ignores.'{NEW}' = ['FS3']"):
        assert policy(settings(text)).apply([unused]) == ()
    strict = finding("FS011", Severity.WARNING, about="FS314")
    assert policy(settings("")).apply([strict]) == ()
    assert policy(settings(""), strict=True).apply([strict]) == (strict,)


@pytest.mark.parametrize(
    ("text", "options", "message", "help"),
    [
        ("ignore = ['FS301', 'FS202']", {}, "flowstone.toml:2: FS202 cannot be ignored", "cannot be carried out"),
        ("ignore = ['cycle']", {}, "flowstone.toml:2: cycle cannot be ignored", "cannot be carried out"),
        ("", {"ignore": ["FS301,FS00"]}, "--ignore: FS00 cannot be ignored", "cannot be carried out"),
        ("per_path_ignores.'a' = ['FS202']", {}, "flowstone.toml:2: FS202 cannot be ignored", "cannot be carried out"),
        ("severity.FS202 = 'warning'", {}, "flowstone.toml:2: FS202 is always an error", "cannot be carried out"),
        ("[per_path_severity.a]\ncycle = 'info'", {}, "flowstone.toml:3: cycle is always an error", "carried out"),
        ("select = ['FS33']", {}, "flowstone.toml:2: there is no diagnostic 'FS33'", "did you mean 'FS3"),
        ("severity.FS999 = 'info'", {}, "flowstone.toml:2: there is no diagnostic 'FS999'", ""),
        ("per_path_ignores.a = ['cycel']", {}, "flowstone.toml:2: there is no diagnostic 'cycel'", "'cycle'"),
        ("", {"select": ["cycel"]}, "--select: there is no diagnostic 'cycel'", "'cycle'"),
        ("severity = { FS301 = 'info', type-mismatch = 'error' }", {}, "'type-mismatch' is FS301", "keep one"),
        (
            "[profiles.ci]\nignore = []\n[severity]\nFS202 = 'info'",
            {},
            "flowstone.toml:5: FS202 is always an error",
            "cannot be carried out",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(settings, text, options, message, help):
    with pytest.raises(UsageError) as caught:
        policy(settings(text), **options)

    assert message in str(caught.value)
    assert help in (caught.value.help or "")


def test_severity_error_is_allowed_for_what_is_one_anyway(settings):
    assert policy(settings("severity.FS202 = 'error'")).apply([finding("FS202")]) == (finding("FS202"),)
