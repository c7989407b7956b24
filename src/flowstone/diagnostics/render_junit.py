"""Findings as JUnit XML, which CI servers show as test results: a suite for each file, a case for each finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from xml.sax.saxutils import escape

from flowstone.diagnostics.diagnostic import Diagnostic, Severity
from flowstone.diagnostics.excerpt import printable

_QUOTES = {'"': "&quot;"}


def render_junit(diagnostics: Iterable[Diagnostic], names: Mapping[str, str], *, prefix: str = "") -> str:
    """Errors and warnings are failures, infos are cases that passed. ``names`` are those of the rules by code."""
    found = sorted(diagnostics, key=lambda item: item.sort_key)
    suites = [_suite(file, list(items), names, prefix) for file, items in groupby(found, lambda item: item.span.file)]
    if not suites:
        suites = [
            _element("testsuite", {"name": "flowstone", **_counts([], cases=1)}, '<testcase name="no findings"/>')
        ]
    whole = _element("testsuites", {"name": "flowstone", **_counts(found, cases=max(len(found), 1))}, "\n".join(suites))
    return f'<?xml version="1.0" encoding="utf-8"?>\n{whole}\n'


def _suite(file: str, items: list[Diagnostic], names: Mapping[str, str], prefix: str) -> str:
    cases = "\n".join(_case(item, names, prefix) for item in items)
    return _element("testsuite", {"name": prefix + file, **_counts(items, cases=len(items))}, cases)


def _counts(items: list[Diagnostic], *, cases: int) -> dict[str, object]:
    failures = sum(item.severity is not Severity.INFO for item in items)
    return {"tests": cases, "failures": failures, "errors": 0, "skipped": 0}


def _case(item: Diagnostic, names: Mapping[str, str], prefix: str) -> str:
    span = item.span
    place = f"{prefix}{span.file}:{span.line}:{span.column}"
    lines = [f"{place}: {item.message}", *([f"help: {item.help}"] if item.help else [])]
    lines += [f"{prefix}{more.span.file}:{more.span.line}:{more.span.column}: {more.message}" for more in item.related]
    text = escape("\n".join(map(printable, lines)))
    if item.severity is Severity.INFO:
        inner = _element("system-out", {}, text)
    else:
        inner = _element("failure", {"type": str(item.severity), "message": item.message}, text)
    name = " ".join(filter(None, (item.code, names.get(item.code), f"{span.line}:{span.column}")))
    classname = (prefix + span.file).removesuffix(".py")
    return _element(
        "testcase", {"name": name, "classname": classname, "file": prefix + span.file, "line": span.line}, inner
    )


def _element(name: str, attributes: Mapping[str, object], inner: str) -> str:
    listed = "".join(f' {key}="{escape(printable(str(value)), _QUOTES)}"' for key, value in attributes.items())
    return f"<{name}{listed}>{inner}</{name}>"
