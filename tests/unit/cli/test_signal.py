"""A run ends with what waits for a signal; ``flowstone signal`` sends it, and a later run goes on."""

import json

import pytest

TEXT = """
from flowstone import Approval, Signal, SignalGate, StaticPartitions, asset

teams = StaticPartitions("a", "b")

@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> Signal:
    return Signal(token="review 1")

@review.on_signal
def reviewed(payload: dict[str, int], key: str = "") -> dict[str, int]:
    return payload

@asset
def letter(review: dict[str, int]) -> str:
    return f"Dear reader: {review}"

@asset(partitioned_by=teams, signal_gate=SignalGate(timeout="1h"))
def vote(ctx) -> Signal:
    return Signal(token=f"vote {ctx.partition.key}")

@vote.on_signal
def voted(payload: str) -> str:
    return payload

@asset(checkpoint=Approval("Publish?"))
def report() -> int:
    return 1
"""


@pytest.fixture
def project(cli_project):
    return cli_project(TEXT)


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_a_run_ends_with_what_waits_and_goes_on_once_the_signal_was_sent(call, executor):
    result = call("run", "+letter", "--executor", executor)
    assert "review  waiting       waits for a signal: 'review 1', until 20" in result.output
    assert "waiting: flowstone signal 'review 1'; to go on: " in result.output
    sent = call("signal", "review 1", "--payload", '{"n": 5}')
    assert sent.output == "'review 1' was sent: for review\n"
    resumed = call("run", "--resume", "last", "--executor", executor)
    assert "review  materialized" in resumed.output
    assert "letter  materialized" in resumed.output
    again = call("run", "+letter", "--executor", executor)
    assert "materialized" not in again.stderr
    refused = call("signal", "review 1", "--payload", '{"n": 6}', code=2)
    assert "nothing waits for 'review 1' any more: it was sent before" in refused.output


def test_plan_and_status_tell_what_waits(call):
    call("run", "+letter", "report")
    call("run", "vote", "--partition", "b")
    planned = call("plan", "review", "report").output
    assert "review  run      never made; waits for a signal: 'review 1', until 20" in planned
    assert "report  run      never made; waits for approval: Publish?" in planned
    told = call("status").output
    assert "review: missing (waits for a signal: 'review 1', until 20" in told
    assert "vote[b]: missing (waits for a signal: 'vote b', until 20" in told
    assert "report: missing (waits for approval: Publish?)" in told
    call("signal", "review 1", "--payload", "{}")
    call("approve", "report")
    assert "waits" not in call("plan", "review", "report").output
    assert "waits" not in call("status", "review", "report").output


def test_signals_lists_what_waits_and_what_was_sent(call):
    assert "nothing waits" in call("signals").stderr
    call("run", "review")
    call("signal", "vote a", "--payload", '"yes"')
    lines = call("signals").output.splitlines()
    assert "  review  waits for 'review 1'  until 20" in lines[0]
    assert lines[1].startswith("'vote a' sent 20")
    call("signal", "review 1", "--payload", "{}")
    assert "review  waits for 'review 1'  sent 20" in call("signals").output
    found = json.loads(call("signals", "--output-format", "json").stdout)
    assert [(item["token"], item["state"]) for item in found] == [("review 1", "sent"), ("vote a", "sent")]
    assert found[1]["sent"]["payload"] == "yes"


def test_the_payload_may_stand_in_a_file(call, tmp_path):
    file = tmp_path / "answer.json"
    file.write_text('{"n": 5}')
    call("signal", "review 1", "--payload-file", str(file))
    assert "review  materialized" in call("run", "review").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["review 1", "--payload", "{n: 5}"], "the payload is no JSON"),
        (["review 1", "--payload", "NaN"], "JSON cannot keep"),
        (["review 1", "--payload", '"\\ud800"'], "JSON cannot keep"),
        (["review 1", "--payload", "[" * 100_000], "the payload is no JSON"),
        (["review 1", "--payload", json.dumps("x" * 1_000_001)], "1,000,000 are the most"),
        (["review 1", "--payload", '"yes"'], "review takes dict[str, int] for 'review 1'"),
        (["review 1", "--payload", '"hunter22"'], "a secret of the project stands in it"),
        (["hunter22"], "a secret of the project stands in it"),
        (["a\nb"], "the token holds the character '\\n'"),
        (["x" * 4097], "the token has 4,097 bytes"),
        ([""], "the token is empty"),
        (["a", "--payload", "1", "--payload-file", "-"], "exclude each other"),
    ],
)
def test_what_cannot_be_sent_is_refused(call, project, monkeypatch, arguments, message):
    monkeypatch.setenv("SIGNAL_TEST_KEY", "hunter22")
    with (project / "flowstone.toml").open("a") as file:
        file.write('[params.review]\nkey = { env = "SIGNAL_TEST_KEY" }\n')
    call("run", "review")
    result = call("signal", *arguments, code=2)
    assert message in result.output
    assert "Traceback" not in result.output
    assert "sent" not in call("signals").output


def test_a_file_that_cannot_be_read_is_refused(call, tmp_path):
    file = tmp_path / "answer.json"
    file.write_bytes(b"\xff\xfe")
    assert "cannot read" in call("signal", "a", "--payload-file", str(file), code=2).output


def test_a_forced_run_that_is_resumed_waits_for_what_it_asked(call):
    call("signal", "review 1", "--payload", "{}")
    call("run", "review", "report")
    call("approve", "report")
    call("run", "review", "report")
    first = call("run", "review", "report", "--force").output
    second = call("run", "--resume", "last").output
    assert [line for line in first.splitlines() if "waits" in line] == [
        line for line in second.splitlines() if "waits" in line
    ]
    call("signal", "review 1", "--payload", '{"n": 1}')
    call("approve", "report")
    resumed = call("run", "--resume", "last").output
    assert "review  materialized" in resumed
    assert "report  materialized" in resumed
