import io
import json

import pytest

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
    live = Live(progress, results)
    tell(live)
    live.close()
    assert "2024-01-01 raw    materialized  1,234 rows" in progress.getvalue()
    assert "total" in results.getvalue()


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
