"""The page of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flowstone.runner.page.drawing import graph
from flowstone.runner.page.facts import Attempt, Facts
from flowstone.runner.page.markup import Content, Markup, element, join
from flowstone.runner.page.timeline import timeline
from flowstone.runner.text import bytes_text, first_line, rows_text, seconds_text

SLOWEST = 20
"""Attempts that are listed since they took longest."""
MOST_FAILURES = 200
"""Failures that are told with all that is known of them."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --made: #2e9e5b; --reused: #3b8ea5; --failed: #d33; --skipped: #c90;
  --interrupted: #c60; --running: #47f; --waiting: #999; }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1000px; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; } td, th { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; } tr + tr td { border-top: 1px solid var(--line); }
code, pre, text { font-family: ui-monospace, monospace; } text { font-size: 11px; fill: currentColor; }
pre { background: #8881; overflow-x: auto; padding: .6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.draw { overflow-x: auto; } .edge { fill: none; stroke: #8888; } line.axis { stroke: var(--line); }
text.axis { fill: #888; } text.node { fill: #fff; } .muted { color: #888; }
rect.materialized { fill: var(--made); } rect.reused { fill: var(--reused); } rect.failed { fill: var(--failed); }
rect.skipped { fill: var(--skipped); } rect.interrupted { fill: var(--interrupted); }
rect.running { fill: var(--running); } rect.waiting { fill: var(--waiting); }
b.failed { color: var(--failed); } b.done { color: var(--made); } b.interrupted { color: var(--interrupted); }
"""


def page(facts: Facts, made_by: str) -> str:
    """The whole document. ``made_by`` says which version wrote it."""
    entry = facts.entry
    title = f"{facts.project}: run {entry.id}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", title),
        element("style", Markup(_STYLE)),
    )
    body = element(
        "body",
        element("h1", title),
        _summary(facts),
        *_failures(facts),
        *_section("Timeline", element("div", timeline(facts), class_="draw") if facts.attempts else _nothing()),
        *_section("Graph", element("div", graph(facts), class_="draw")),
        *_section("Assets", _assets(facts) if facts.steps else _nothing()),
        *_section("Slowest", _slowest(facts.attempts) if facts.attempts else _nothing()),
        element("p", made_by, class_="muted"),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _summary(facts: Facts) -> Markup:
    entry = facts.entry
    counts = ", ".join(f"{count:,} {state}" for state, count in entry.counts.items()) or "nothing to make"
    lines: list[tuple[str, Content]] = [
        ("status", element("b", entry.status, class_=entry.status)),
        ("assets", counts),
        ("began", entry.started_at),
        ("took", seconds_text(facts.elapsed)),
        ("command", element("code", entry.command)),
    ]
    if entry.profile is not None:
        lines.append(("profile", entry.profile))
    if entry.resumes is not None:
        lines.append(("goes on with", entry.resumes))
    return element("table", *(element("tr", element("td", name), element("td", value)) for name, value in lines))


def _section(title: str, content: Markup) -> tuple[Markup, Markup]:
    return element("h2", title), content


def _nothing() -> Markup:
    return element("p", "No function was called.", class_="muted")


def _failures(facts: Facts) -> Iterator[Markup]:
    failed = [attempt for attempt in facts.attempts if attempt.failure is not None]
    if not failed:
        return
    yield element("h2", "Failures")
    for attempt in failed[:MOST_FAILURES]:
        yield _failure(attempt)
    if len(failed) > MOST_FAILURES:
        yield element("p", f"and {len(failed) - MOST_FAILURES:,} more")


def _failure(attempt: Attempt) -> Markup:
    failure = attempt.failure or {}
    parts = [failure.get("traceback") or failure.get("message", "")]
    if failure.get("help"):
        parts.append(f"help: {failure['help']}")
    if (failure.get("output") or "").strip():
        parts.append(f"last output:\n{failure['output'].strip()}")
    told = f"{attempt.name}: {failure.get('kind')}: {first_line(failure.get('message', ''))}"
    whole = "\n".join(part.rstrip() for part in parts)
    return element("details", element("summary", told), element("pre", whole))


def _assets(facts: Facts) -> Markup:
    rows = [
        (
            element("code", item.step),
            ", ".join(f"{count:,} {state}" for state, count in item.counts.items()),
            "" if item.rows is None else rows_text(item.rows),
            bytes_text(item.size) if item.size else "",
            seconds_text(item.elapsed),
        )
        for item in facts.steps
    ]
    return _table(("asset", "tasks", "rows", "size", "time"), rows)


def _slowest(attempts: Sequence[Attempt]) -> Markup:
    slowest = sorted(attempts, key=lambda attempt: attempt.start - attempt.end)[:SLOWEST]
    rows = [(element("code", item.name), item.status, seconds_text(item.end - item.start)) for item in slowest]
    return _table(("function", "ended", "time"), rows)


def _table(names: Sequence[str], rows: Iterable[Sequence[Content]]) -> Markup:
    """Columns from the third on hold figures."""
    head = element("tr", *(_cell("th", name, place) for place, name in enumerate(names)))
    return element("table", head, join(*(_row(row) for row in rows)))


def _row(cells: Sequence[Content]) -> Markup:
    return element("tr", *(_cell("td", cell, place) for place, cell in enumerate(cells)))


def _cell(kind: str, content: Content, place: int) -> Markup:
    return element(kind, content, class_="n") if place > 1 else element(kind, content)
