"""Values that wait to be approved: kept aside, published or dropped by the decision, and made only once."""

import os
import pwd
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from flowstone.errors import ConfigurationError, NotApprovedError, NotMaterializedError, OutputError, StorageError
from flowstone.io.filesystem import FilesystemManager
from flowstone.runtime.decisions import Decision, Decisions, decisions_of, user
from flowstone.runtime.materialize import find_settled, materialize
from flowstone.runtime.run import Run

REPORT = """
def log(text):
    with (HERE / "log").open("a") as file:
        file.write(f"{text}\\n")

@asset
def figures(size: int = 1) -> list[int]:
    return [size, 2]

@asset(checkpoint=Approval("Publish?"))
def report(figures: list[int]) -> dict[str, int]:
    log("makes")
    return {"sum": sum(figures)}

@asset
def letter(report: dict[str, int]) -> str:
    return f"{report['sum']}"
"""


@pytest.fixture
def waiting(make_project):
    """A project whose report waits."""

    def make(text=REPORT, **more):
        made = make_project(text, **more)
        made.make("figures")
        made.make("report")
        return made

    return make


def decide(made, event, why=""):
    log = decisions_of(made.workspace)
    (asked,) = [item for item in log.last().values() if item.event == "asked"]
    return log.answer(asked, event, "ada", why)


def test_a_value_that_waits_is_not_published_and_not_made_again(waiting):
    made = waiting()
    outcome = made.make("report")
    assert (outcome.status, outcome.reason) == ("waiting", "waits for approval: Publish?")
    assert made.value("report") is None
    assert made.lines() == ["makes"]
    settled = find_settled(made.workspace, "report", None, Run("run", "local"))
    assert settled is not None
    assert settled.status == "waiting"


def test_what_was_approved_is_published_with_who_did_it(waiting):
    made = waiting()
    decide(made, "approved", "well done")
    outcome = made.make("report")
    assert outcome.status == "materialized"
    assert made.value("report") == {"sum": 3}
    assert made.lines() == ["makes"]
    approval = outcome.records[0].metadata["approval"]
    assert (approval["by"], approval["why"]) == ("ada", "well done")
    assert made.make("report").status == "reused"
    assert made.make("letter").status == "materialized"
    manager, slot_of = made.workspace.storage("report")
    assert manager.record(manager.aside(slot_of(None))) is None
    assert [item.event for item in decisions_of(made.workspace).all()] == ["asked", "approved"]


def test_two_runs_that_publish_at_once_have_both_done_so(waiting, monkeypatch):
    made = waiting()
    decide(made, "approved")
    real, other = FilesystemManager.stage_again, []

    def stage_again(manager, *arguments):
        if not other:
            other.append("runs")
            other[:] = [made.make("report")]
        return real(manager, *arguments)

    monkeypatch.setattr(FilesystemManager, "stage_again", stage_again)
    outcome = made.make("report")
    assert (other[0].status, outcome.status) == ("materialized", "reused")
    assert outcome.records == other[0].records
    assert made.value("report") == {"sum": 3}


def test_an_approved_value_that_is_gone_is_told(waiting, monkeypatch):
    made = waiting()
    decide(made, "approved")
    monkeypatch.setattr(FilesystemManager, "intact", lambda *_: True)
    (file,) = (made.root / ".flowstone" / "data" / "local").glob("flowstone_waiting.report.json")
    file.unlink()
    with pytest.raises(NotMaterializedError):
        made.make("report")


def test_what_was_rejected_is_dropped_and_what_needs_it_is_skipped(waiting):
    made = waiting()
    decide(made, "approved")
    made.make("report")
    made.make("letter")
    made.make("figures", config={"size": 5})
    assert made.make("report").status == "waiting"
    assert made.value("report") == {"sum": 3}  # as long as nobody has decided
    decide(made, "rejected", "too big")
    for _ in range(2):
        outcome = made.make("report")
        assert (outcome.status, outcome.reason) == ("skipped", "report was rejected by ada: too big")
        assert made.make("letter").status == "skipped"
    assert made.lines() == ["makes", "makes"]
    manager, slot_of = made.workspace.storage("report")
    assert manager.record(manager.aside(slot_of(None))) is None
    made.make("figures", config={"size": 6})
    assert made.make("report").status == "waiting"  # it is something else now


def test_a_decision_about_another_value_does_not_count(waiting):
    made = waiting()
    decide(made, "approved")
    made.make("figures", config={"size": 5})
    assert made.make("report").status == "waiting"
    assert made.lines() == ["makes", "makes"]
    decide(made, "approved")
    made.make("report")
    assert made.value("report") == {"sum": 7}


def test_by_force_it_is_made_and_asked_about_again_in_each_run(waiting):
    made = waiting()
    decide(made, "rejected")
    assert made.make("report", force=True).status == "skipped"  # the same run
    other = Run("another", "local")
    assert materialize(made.workspace, "report", None, other, force=True).status == "waiting"
    assert materialize(made.workspace, "report", None, other, force=True).status == "waiting"
    assert made.lines() == ["makes", "makes"]


@pytest.mark.parametrize(
    ("words", "status"),
    [("", "skipped"), (", on_timeout='reject'", "skipped"), (", on_timeout='approve'", "materialized")],
)
def test_when_the_time_is_over_it_holds_what_was_said(waiting, words, status):
    made = waiting(REPORT.replace('"Publish?"', f'"Publish?", timeout="1h"{words}'))
    assert made.make("report").status == "waiting"
    log = decisions_of(made.workspace)
    (asked,) = log.last().values()
    log.add(structs.replace(asked, until=datetime.now(UTC) - timedelta(seconds=1)))
    assert made.make("report").status == status
    (decision,) = log.last().values()
    assert decision.by == "timeout"


def test_an_asset_may_fail_when_the_time_is_over(waiting):
    made = waiting(REPORT.replace('"Publish?"', '"Publish?", timeout="1h", on_timeout="fail"'))
    log = decisions_of(made.workspace)
    (asked,) = log.last().values()
    log.add(structs.replace(asked, until=datetime.now(UTC) - timedelta(seconds=1)))
    with pytest.raises(NotApprovedError, match="nobody decided about report in time: Publish"):
        made.make("report")


def test_a_question_that_was_not_written_down_is_asked_again(waiting):
    made = waiting()
    decisions_of(made.workspace).path.write_bytes(b'{"at": "2024-')
    assert made.make("report").status == "waiting"
    assert made.lines() == ["makes"]
    decide(made, "approved")
    assert made.make("report").status == "materialized"


CONDITION = REPORT.replace('"Publish?"', '"Publish?", when="is_big"') + (
    "\ndef is_big(report):\n    return report['sum'] > 5\n"
)


def test_a_condition_says_whether_a_value_has_to_be_approved(waiting):
    made = waiting(CONDITION)
    assert made.value("report") == {"sum": 3}
    made.make("figures", config={"size": 5})
    assert made.make("report").status == "waiting"
    decide(made, "rejected")
    assert made.make("report").status == "skipped"
    assert made.make("letter").status == "skipped"
    made.make("figures", config={"size": 2})
    assert made.make("report").status == "materialized"
    assert made.make("letter").status == "materialized"


def test_a_condition_cannot_look_at_what_can_be_read_once(make_project):
    made = make_project("""
@asset(checkpoint=Approval("?", when="fine"))
def numbers():
    return iter([1])

def fine(numbers):
    return True
""")
    with pytest.raises(OutputError, match="can be read only once"):
        made.make("numbers")


def test_nothing_waits_in_memory(make_project):
    made = make_project("@asset(checkpoint=Approval('?'))\ndef number() -> int:\n    return 1\n", manager="memory")
    with pytest.raises(ConfigurationError, match="its store forgets it"):
        made.make("number")


@pytest.mark.parametrize("options", ["path='a/report.json'", "format='text'"])
def test_values_wait_elsewhere_than_they_lie(waiting, options):
    text = REPORT.replace('checkpoint=Approval("Publish?")', f'checkpoint=Approval("Publish?"), {options}')
    text = text.replace("dict[str, int]:\n    log", "str:\n    log").replace(
        'return {"sum": sum(figures)}', 'return "x"'
    )
    made = waiting(text.replace("letter(report: dict[str, int])", "letter(report: str)"))
    assert made.value("report") is None
    decide(made, "approved")
    made.make("report")
    assert made.value("report") == "x"


def test_values_wait_in_a_database_too(make_project):
    text = REPORT.replace(
        'checkpoint=Approval("Publish?")', 'checkpoint=Approval("?"), io_manager="db", table="reports"'
    )
    made = make_project(text, managers={"db": "duckdb"})
    made.make("figures")
    assert made.make("report").status == "waiting"
    assert made.value("report") is None
    decide(made, "approved")
    assert made.make("report").status == "materialized"
    assert made.value("report") == {"sum": 3}


def test_decisions_that_another_process_adds_are_seen(tmp_path):
    mine, others = Decisions(tmp_path), Decisions(tmp_path)
    assert mine.last() == {}
    asked = others.add(
        Decision(at=datetime.now(UTC), asset="a", partition=None, event="asked", data_version="1", basis="2")
    )
    assert mine.last() == {("a", None): asked}
    with mine.path.open("ab") as file:
        file.write(b'{"at": "20')  # of one that died
    assert mine.last() == {("a", None): asked}
    decided = others.answer(asked, "approved", "ada", "")
    assert mine.last() == {("a", None): decided} == others.last()
    mine.path.unlink()
    assert mine.last() == {}


def decision(**changes):
    facts = {"at": datetime.now(UTC), "asset": "a", "partition": None, "event": "asked", "data_version": "sha256:0"}
    return Decision(**{**facts, "basis": "sha256:0", **changes})


def test_what_is_no_unicode_text_is_written_down_all_the_same(tmp_path):
    """An argument of the command line may hold bytes that are no text, and a message of the source half a character."""
    log = Decisions(tmp_path)
    log.add(decision(event="rejected", why="no \udcff", message="\ud83d"))
    (found,) = Decisions(tmp_path).all()
    assert (found.event, found.why, found.message) == ("rejected", "no \\udcff", "\\ud83d")
    assert log.last()["a", None] == found


def test_a_decision_that_is_not_wholly_written_is_an_error(tmp_path, monkeypatch):
    log = Decisions(tmp_path)
    log.add(decision())
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, data: real(file, data[:20]))
        with pytest.raises(StorageError, match=r"cannot write .*: only 20 of"):
            log.add(decision(event="approved"))
    assert log.last()["a", None].event == "asked"
    log.add(decision(event="rejected"))
    assert log.last()["a", None].event == "rejected"


def test_a_log_that_was_replaced_by_another_is_read_anew(tmp_path):
    log, other = Decisions(tmp_path), Decisions(tmp_path / "other")
    log.add(decision())
    assert log.last()["a", None].event == "asked"
    for number in range(9):
        other.add(decision(asset=f"b{number}", event="approved"))
    other.path.replace(log.path)
    assert sorted(asset for asset, _ in log.last()) == [f"b{number}" for number in range(9)]


def test_who_decides_is_said_by_the_system(monkeypatch):
    monkeypatch.setenv("USER", "somebody else")
    monkeypatch.setenv("LOGNAME", "somebody else")
    assert user() == pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)  # as in a container that runs under any number
    assert user() == f"uid {2**31 - 7}"


def test_what_a_store_gives_back_otherwise_is_published_as_it_was(make_project):
    """Parquet has no seconds: loading the value and storing that again would give other bytes."""
    made = make_project(
        """
import pyarrow as pa

@asset(io_manager="lake", checkpoint=Approval("Publish?"))
def times() -> pa.Table:
    return pa.table({"at": pa.array([1], pa.timestamp("s"))})
""",
        managers={"lake": "parquet"},
    )
    made.make("times")
    asked = decide(made, "approved")
    outcome = made.make("times")
    assert outcome.status == "materialized"
    assert outcome.records[0].data_version == asked.data_version
    assert made.value("times").num_rows == 1
