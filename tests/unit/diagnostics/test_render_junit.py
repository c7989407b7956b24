"""Findings as JUnit XML, as a reader of such files sees them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from junitparser import Failure, JUnitXml
from msgspec.structs import replace

from flowstone.diagnostics.diagnostic import Diagnostic, Severity, Span
from flowstone.diagnostics.render_junit import render_junit

NAMES = {"FS301": "type-mismatch"}


def read(*findings, prefix=""):
    return JUnitXml.fromstring(render_junit(findings, NAMES, prefix=prefix).encode())


def test_a_suite_for_each_file_and_a_failed_case_for_each_finding(finding):
    later = replace(finding, severity=Severity.WARNING, span=Span("pipelines/a.py", 9, 1, 9, 2))
    other = replace(finding, span=Span("pipelines/b.py", 1, 1, 1, 2))

    report = read(later, finding, other, prefix="sub/")

    assert [(suite.name, suite.tests, suite.failures, suite.errors) for suite in report] == [
        ("sub/pipelines/a.py", 2, 2, 0),
        ("sub/pipelines/b.py", 1, 1, 0),
    ]
    assert (report.tests, report.failures) == (3, 3)
    case = next(iter(next(iter(report))))
    assert (case.name, case.classname) == ("FS301 type-mismatch 4:12", "sub/pipelines/a")
    (failure,) = case.result
    assert isinstance(failure, Failure)
    assert (failure.type, failure.message) == ("error", finding.message)
    assert failure.text.splitlines() == [
        "sub/pipelines/a.py:4:12: 'report' takes 'orders' as int, but it is str",
        "help: annotate the parameter as str",
        "sub/pipelines/a.py:2:5: 'orders' returns str",
    ]


def test_infos_pass(finding):
    report = read(replace(finding, severity=Severity.INFO))

    assert (report.tests, report.failures) == (1, 0)
    (case,) = next(iter(report))
    assert case.is_passed
    assert finding.message in case.system_out


def test_without_findings_there_is_one_case_that_passed():
    report = read()

    assert (report.tests, report.failures) == (1, 0)
    assert all(case.is_passed for suite in report for case in suite)


@given(st.text(), st.text(), st.text(min_size=1))
def test_any_text_stays_xml(message, help, file):
    item = Diagnostic("FS301", Severity.ERROR, message, Span(file, 1, 1, 1, 2), help)

    (suite,) = read(item)

    assert suite.failures == 1
