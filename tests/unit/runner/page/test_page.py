"""The page of a run, read as a browser reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import html5lib
import pytest

from flowstone.runner.forecast import Expectation, Forecast
from flowstone.runner.history.entries import find
from flowstone.runner.history.history import Beginning, History
from flowstone.runner.page.drawing import MOST
from flowstone.runner.page.facts import read_facts
from flowstone.runner.page.page import page
from flowstone.runner.plan import Plan, Task
from flowstone.runner.result import Failure, Result

HTML, SVG = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/2000/svg}"
ELEMENTS = {
    *(HTML + name for name in ("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "details")),
    *(HTML + name for name in ("summary", "table", "tbody", "tr", "td", "th", "b", "code", "pre")),
    *(SVG + name for name in ("svg", "g", "rect", "text", "title", "line", "path")),
}
HOSTILE = [
    "<script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "'><svg onload=alert(1)>",
    "]]><!--<script>",
    "&lt;b&gt; &#60;script&#62;",
    "\x00\x1b[31m\u202e\ud800",
    "javascript:alert(1)",
]


@pytest.fixture
def history(tmp_path):
    with History(tmp_path) as history:
        yield history


@pytest.fixture
def wrote(history):
    """The page of a run whose tasks have these results, by step; as text and as a tree."""

    def wrote(results, *, needs=None, command="flowstone run", project="shop", status="done", profile=None):
        tasks = tuple(Task(step, None, ()) for step in results)
        planned = Forecast(Plan(tasks), tuple(Expectation(task, "run") for task in tasks))
        journal = history.begin(Beginning("r1", command, {"steps": list(results)}, profile), planned)
        for place, result in enumerate(results.values()):
            if result is not None:
                journal.starting(place, 1)
                journal.ended(place, 1, result, final=True)
        journal.end(status)
        facts = read_facts(history, find(history, "r1"), project, needs or {}, datetime.now(UTC))
        text = page(facts, "Written by FlowStone.")
        return text, html5lib.HTMLParser(strict=True).parse(text.encode())

    return wrote


def made(elapsed=0.5, **more):
    return Result("materialized", elapsed, **more)


def texts(tree):
    return " ".join(" ".join(tree.itertext()).split())


def test_a_page_tells_figures_timeline_graph_and_failures(wrote):
    failure = Failure("ValueError", "bad day\nreally", traceback="Traceback\n  File 'a.py'", output="so far\n")
    results = {"orders": made(0.5, rows=3, size=20), "report": Result("failed", 0.2, failure=failure), "late": None}
    _, tree = wrote(results, needs={"report": ["orders", "elsewhere"]}, status="failed")
    told = texts(tree)
    assert "shop: run r1" in told
    assert "orders 1 materialized 3 rows 20 B 0.50 s" in told
    assert "report: ValueError: bad day Traceback File 'a.py' last output: so far" in told
    bars = [item.get("class") for item in tree.iter(f"{SVG}rect")]
    assert bars.count("materialized") == 2
    assert bars.count("failed") == 2
    assert bars.count("waiting") == 1
    assert len(list(tree.iter(f"{SVG}path"))) == 1


def test_a_page_asks_nothing_of_anybody(wrote):
    text, tree = wrote({"orders": made()}, command="flowstone run -C https://example.org")
    assert not {"src", "href", "xlink:href", "action", "data", "style"} & {
        name for item in tree.iter() for name in item.attrib
    }
    assert "url(" not in text
    assert "@import" not in text
    policy = next(item for item in tree.iter(f"{HTML}meta") if item.get("http-equiv"))
    assert policy.get("content").startswith("default-src 'none'; style-src 'unsafe-inline'")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_texts_stay_texts(wrote, hostile):
    failure = Failure(hostile, hostile, help=hostile, traceback=hostile, output=hostile)
    plain = hostile.encode("utf-8", "replace").decode()
    results = {plain: made(), f"other {plain}": Result("failed", 0.1, failure=failure)}
    text, tree = wrote(results, needs={f"other {plain}": [plain]}, command=plain, project=plain, profile=plain)
    assert {item.tag for item in tree.iter() if isinstance(item.tag, str)} <= ELEMENTS
    assert all(isinstance(item.tag, str) for item in tree.iter()), "a comment"
    names = {name for item in tree.iter() for name in item.attrib}
    assert not any(name.startswith("on") for name in names)
    assert not set("\x00\x1b\u202e") & set(text)
    shown = plain if plain.isprintable() else "\\x1b[31m\\x202e"
    assert shown.split("\n")[0] in "".join(tree.itertext())


def test_a_run_that_was_interrupted_shows_how_far_it_came(wrote, history):
    tasks = (Task("orders", "2024-01-01", ()),)
    planned = Forecast(Plan(tasks), tuple(Expectation(task, "run") for task in tasks))
    journal = history.begin(Beginning("r2", "flowstone run", {"steps": ["orders"]}, None), planned)
    journal.starting(0, 1)
    journal.end("interrupted")
    facts = read_facts(history, find(history, "r2"), "shop", {}, datetime.now(UTC))
    assert [(item.name, item.status) for item in facts.attempts] == [("orders 2024-01-01", "interrupted")]
    html5lib.HTMLParser(strict=True).parse(page(facts, ""))


def test_a_run_with_nothing_to_make_has_a_page(wrote):
    assert "No function was called." in texts(wrote({})[1])


def test_a_chain_and_a_cycle_are_drawn_and_what_is_too_much_is_not(wrote):
    many = {f"s{number}": made() for number in range(MOST)}
    _, tree = wrote(many, needs={f"s{number + 1}": [f"s{number}"] for number in range(MOST - 1)} | {"s0": ["s1"]})
    assert len(list(tree.iter(f"{SVG}path"))) == MOST


def test_more_assets_than_can_be_looked_at_are_told_in_words(wrote):
    _, tree = wrote({f"s{number}": made() for number in range(MOST + 1)})
    assert "1,501 assets are too many for a drawing" in texts(tree)
