import io
import json

import pytest
from rich.console import Console

from flowstone.runner.outlook import Outlook
from flowstone.runner.plan import Plan, Task
from flowstone.runner.progress import Lines
from flowstone.runner.progress_json import JsonDocument
from flowstone.runner.progress_lines import JsonLines
from flowstone.runner.progress_live import Live
from flowstone.runner.result import Failure, Result
from flowstone.runner.summary import Summary

RAW, DAILY, REPORT = Task("raw", "2024-01-01", ()), Task("daily", "2024-01-01", (0,)), Task("report", None, (1,))
MADE = Result("materialized", 0.123, rows=1234)
FAILED = Result(
    "failed",
    0.5,
    failure=Failure("ValueError", "bad\x1b[31m\nmore", help="try again", traceback="  File 'a.py'\nValueError"),
)


def tell(reporter):
    summary = Summary()
    reporter.begin(Plan((RAW, DAILY, REPORT)))
    reporter.note("something")
    reporter.started(RAW)
    reporter.finished(RAW, MADE)
    summary.add(RAW, MADE)
    reporter.started(DAILY)
    reporter.retrying(DAILY, FAILED, 1, 2.0)
    reporter.started(DAILY)
    reporter.slow(DAILY, 12.0, 3.0)
    reporter.slow(None, 200.0, 61.0)
    reporter.finished(DAILY, FAILED)
    summary.add(DAILY, FAILED)
    reporter.skipped(REPORT, DAILY)
    summary.skip(REPORT)
    reporter.end(summary)


@pytest.fixture
def streams():
    return io.StringIO(), io.StringIO()


def test_one_line_for_each_task_and_a_table(streams):
    progress, results = streams
    tell(Lines(progress, results))
    lines = progress.getvalue().splitlines()
    assert lines[0] == "note: something"
    assert lines[1] == "2024-01-01 raw    materialized  1,234 rows  0.12 s"
    assert lines[2].endswith("attempt 1; again in 2.00 s")
    assert lines[3] == "slow: daily 2024-01-01 has taken 12.00 s, usually 3.00 s"
    assert lines[4] == "slow: this run has taken 3 m 20 s, usually 61.00 s"
    assert lines[5] == "2024-01-01 daily  failed        ValueError: bad\\x1b[31m  0.50 s"
    assert "    help: try again" in lines
    assert lines[-1] == "report            skipped       daily 2024-01-01 failed"
    table = [line.split() for line in results.getvalue().splitlines()]
    assert table[1] == ["raw", "1", "0", "0", "0", "1,234", "0.12", "s"]
    assert table[-1][:5] == ["total", "1", "0", "1", "1"]


def test_quiet_tells_of_failures_only(streams):
    progress, results = streams
    tell(Lines(progress, results, quiet=True))
    assert progress.getvalue().startswith("2024-01-01 daily  failed")
    assert results.getvalue() == ""


def test_no_control_character_of_the_data_reaches_the_terminal(streams):
    progress, results = streams
    tell(Lines(progress, results))
    assert "\x1b" not in progress.getvalue() + results.getvalue()


def test_the_live_display_tells_the_same(streams):
    progress, results = streams
    live = Live(progress, results, Outlook())
    tell(live)
    live.close()
    assert "2024-01-01 raw    materialized  1,234 rows" in progress.getvalue()
    assert "total" in results.getvalue()


def seen(live):
    """The lines of the picture."""
    console = Console(file=io.StringIO(), width=100, height=40)
    console.print(live.picture())
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the tests set."""
    now = [1000.0]
    monkeypatch.setattr("flowstone.runner.progress_live.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def live(streams, clock):
    """The display of a run of ten days and a report, of which only a day's usual time is known."""
    days = tuple(Task("daily", f"2024-01-{day:02}", ()) for day in range(1, 11))
    plan = Plan((*days, Task("report", None, tuple(range(10)))))
    live = Live(*streams, Outlook(plan.tasks, {"daily": 2.0}, 1000.0))
    live.begin(plan)
    yield live
    live.close()


def test_the_tree_shows_what_runs_since_when_and_for_how_long(live, clock):
    days = [Task("daily", f"2024-01-{day:02}", ()) for day in range(1, 11)]
    live.started(days[0])
    live.started(days[1])
    clock[0] += 1.5
    head, *tree = seen(live)
    assert head.startswith("running ")
    assert head.endswith(" 0/11 0:00:02, about 0:00:10 left")  # 22 s of work, of which 3 s are done, two at once
    assert tree[:3] == [
        "daily  0/10",
        "├── 2024-01-01  1.50 s, about 0.50 s left",
        "└── 2024-01-02  1.50 s, about 0.50 s left",
    ]

    clock[0] += 0.5
    live.finished(days[0], Result("materialized", 2.0, rows=1200, size=3400))
    live.finished(days[1], Result("materialized", 2.0, rows=800, size=1600))
    live.started(days[2])
    head, *tree = seen(live)
    assert head.endswith(" 2/11 0:00:02, about 0:00:09 left")
    assert tree[:2] == ["daily  2/10  2,000 rows  5.0 kB", "└── 2024-01-03  0.00 s, about 2.00 s left"]


def test_the_tree_has_an_end_of_what_it_says(live, clock):
    for day in range(1, 11):
        live.started(Task("daily", f"2024-01-{day:02}", ()))
    clock[0] += 100.0
    head, *tree = seen(live)
    assert head.endswith(" 0/11 0:01:40")  # longer than it was judged to take: nothing is said of what is left
    assert tree[1] == "├── 2024-01-01  1 m 40 s"
    for day in range(1, 11):
        live.finished(Task("daily", f"2024-01-{day:02}", ()), FAILED)
    live.skipped(Task("report", None, tuple(range(10))), Task("daily", "2024-01-01", ()))
    head, *tree = seen(live)
    assert " 11/11 " in head
    assert not any(tree)


def test_a_low_terminal_shows_the_first_that_run(streams, clock, monkeypatch):
    monkeypatch.setenv("LINES", "9")
    monkeypatch.setenv("COLUMNS", "100")
    tasks = tuple(Task("daily", f"2024-01-{day:02}", ()) for day in range(1, 11))
    live = Live(*streams, Outlook(tasks, {}, 1000.0))
    live.begin(Plan(tasks))
    for task in tasks:
        live.started(task)
    _, *tree = seen(live)
    live.close()
    assert tree[0] == "daily  0/10"
    assert [line.split()[1] for line in tree[1:5]] == [task.partition for task in tasks[:4]]
    assert tree[5] == "└── and 6 more"
    assert not any(tree[6:])


def test_thousands_of_assets_at_once_are_a_few_lines(streams, clock):
    tasks = tuple(Task(f"a{number}", None, ()) for number in range(5000))
    live = Live(*streams, Outlook(tasks, {}, 1000.0))
    live.begin(Plan(tasks))
    for task in tasks:
        live.started(task)
    lines = [line for line in seen(live) if line]
    live.close()
    assert len(lines) <= 14
    assert lines[-1] == "and 4,988 more"


def test_json_is_one_document(streams):
    _, results = streams
    tell(JsonDocument(results, "run-1"))
    document = json.loads(results.getvalue())
    assert (document["run_id"], document["ok"], document["notes"]) == ("run-1", False, ["something"])
    assert [task["status"] for task in document["tasks"]] == ["materialized", "failed", "skipped"]
    assert document["tasks"][2]["because"] == {"step": "daily", "partition": "2024-01-01"}


def test_every_event_is_a_line_of_json(streams):
    _, results = streams
    tell(JsonLines(results, "run-1"))
    lines = [json.loads(line) for line in results.getvalue().splitlines()]
    events = "begin note started finished started retrying started slow slow finished skipped end"
    assert [line["event"] for line in lines] == events.split()
    assert lines[0] == {"event": "begin", "run_id": "run-1", "tasks": 3}
    assert (lines[3]["step"], lines[3]["rows"]) == ("raw", 1234)
    daily = {"step": "daily", "partition": "2024-01-01"}
    assert lines[7] == {"event": "slow", **daily, "elapsed": 12.0, "usual": 3.0}
    assert lines[8] == {"event": "slow", "elapsed": 200.0, "usual": 61.0}
    assert lines[10] == {"event": "skipped", "step": "report", "partition": None, "because": daily}
    assert (lines[-1]["ok"], lines[-1]["materialized"]) == (False, 1)
