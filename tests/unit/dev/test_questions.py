"""Which questions are open, by what stands in the state folder."""

from datetime import UTC, datetime, timedelta

from flowstone.dev.questions import Questions
from flowstone.runtime.decisions import Decision, Decisions
from flowstone.runtime.signals import Event, open_signals

NOW = datetime.now(UTC)


def asked(asset, **more):
    return Decision(at=NOW, asset=asset, partition=None, event="asked", data_version="1", basis="2", **more)


def test_what_was_answered_or_is_over_is_open_no_more(tmp_path):
    questions, decisions, signals = Questions(tmp_path), Decisions(tmp_path), open_signals(tmp_path)
    decisions.add(asked("late", until=NOW - timedelta(seconds=1)))
    report = decisions.add(asked("report", until=NOW + timedelta(days=1)))
    decisions.add(asked("letter"))
    for token, asset in (("one", "labels"), ("two", "prices")):
        signals.add(Event(at=NOW, event="waits", token=token, asset=asset, partition="2024"))
    assert questions.open() == {("report", None), ("letter", None), ("labels", "2024"), ("prices", "2024")}
    decisions.answer(report, "rejected", "ada", "")
    signals.send("two", 1, "ada")
    assert questions.open() == {("letter", None), ("labels", "2024")}
