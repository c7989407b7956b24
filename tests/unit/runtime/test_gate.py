"""Assets that wait for a signal: asked for once, made by the handler that the answer is for."""

import itertools
import json
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from flowstone.errors import OutputError, SignalTimeoutError, UsageError
from flowstone.runtime.gate import GateWatch
from flowstone.runtime.materialize import find_settled, materialize
from flowstone.runtime.run import Run
from flowstone.runtime.signals import Event, signals_of
from flowstone.runtime.workspace import Workspace

REVIEW = """
def log(text):
    with (HERE / "log").open("a") as file:
        file.write(f"{text}\\n")

@asset
def figures(size: int = 1) -> list[int]:
    return [size, 2]

@asset(signal_gate=SignalGate(timeout="1h"))
def review(figures: list[int], prefix: str = "review") -> Signal:
    log("asks")
    return Signal(token=f"{prefix}-{sum(figures)}", data={"sum": sum(figures)})

@review.on_signal
def reviewed(payload: dict[str, int], signal: Signal, figures: list[int], plus: int = 0) -> dict[str, int]:
    log("answered")
    return {"n": payload["n"] + plus, "sum": signal.data["sum"], "figures": len(figures)}

@asset
def letter(review: dict[str, int]) -> str:
    return f"{review['n']}"
"""
LATE = """
@review.on_timeout
def late(signal: Signal, ctx: Context) -> dict[str, int]:
    return {"late": len(signal.token)}
"""


@pytest.fixture
def waiting(make_project):
    """A project whose review waits."""

    def make(text=REVIEW, **more):
        made = make_project(text, **more)
        made.make("figures")
        assert made.make("review").status == "waiting"
        return made

    return make


def make_over(made):
    """Let the time of what waits be over."""
    log = signals_of(made.workspace)
    (talk,) = log.open()
    log.add(structs.replace(talk.wait, id="over", until=datetime.now(UTC) - timedelta(seconds=1)))


def test_an_asset_waits_for_its_signal_and_is_made_of_the_payload(waiting):
    made = waiting()
    outcome = made.make("review")
    assert outcome.status == "waiting"
    assert outcome.reason.startswith("waits for a signal: 'review-3', until ")
    settled = find_settled(made.workspace, "review", None, Run("run", "local"))
    assert settled is not None
    assert settled.status == "waiting"
    signals_of(made.workspace).send("review-3", {"n": 7}, "ada")
    assert find_settled(made.workspace, "review", None, Run("run", "local")) is None
    outcome = made.make("review")
    assert outcome.status == "materialized"
    assert made.value("review") == {"n": 7, "sum": 3, "figures": 2}
    assert outcome.records[0].metadata["signal"]["by"] == "ada"
    assert [item.asset for item in outcome.records[0].inputs] == ["figures"]
    assert made.make("review").status == "reused"
    assert made.make("letter").status == "materialized"
    assert made.lines() == ["asks", "answered"]
    assert list(signals_of(made.workspace).open()) == []


def test_a_signal_that_was_sent_before_counts(make_project):
    made = make_project(REVIEW)
    made.make("figures")
    signals_of(made.workspace).send("review-3", {"n": 7}, "ada")
    assert made.make("review").status == "materialized"
    assert made.lines() == ["asks", "answered"]


def test_a_signal_that_is_taken_at_once_was_sent(waiting, monkeypatch):
    made = waiting()
    log = signals_of(made.workspace)
    add = log.add

    def taken(event):
        monkeypatch.setattr(log, "add", add)
        add(event)
        assert made.make("review").status == "materialized"
        return event

    monkeypatch.setattr(log, "add", taken)
    assert log.send("review-3", {"n": 7}, "ada").by == "ada"
    with pytest.raises(UsageError, match="it was sent before"):
        log.send("review-3", {"n": 8}, "bob")


def test_two_that_ask_for_the_same_at_once_wait_for_one_answer(make_project, monkeypatch):
    made = make_project(REVIEW)
    made.make("figures")
    begin = GateWatch.begin

    def slow(watch, signal, context):
        monkeypatch.setattr(GateWatch, "begin", begin)
        made.make("review")
        signals_of(made.workspace).send("review-3", {"n": 7}, "ada")
        return begin(watch, signal, context)

    monkeypatch.setattr(GateWatch, "begin", slow)
    assert made.make("review").status == "materialized"
    assert made.lines() == ["asks", "asks", "answered"]


def test_what_was_asked_holds_until_the_request_changes(waiting):
    made = waiting()
    made.make("figures", config={"size": 5})
    assert made.make("review").reason.startswith("waits for a signal: 'review-7'")
    log = signals_of(made.workspace)
    with pytest.raises(UsageError, match="nothing waits for 'review-3' any more: what waited for it has asked anew"):
        log.send("review-3", {"n": 7}, "ada")
    log.send("review-7", {"n": 8}, "ada")
    assert made.make("review").status == "materialized"
    assert made.lines() == ["asks", "asks", "answered"]


def test_a_handler_may_be_mended_after_the_signal_came(waiting, make_project):
    made = waiting(REVIEW.replace("payload['n']", "payload['m']").replace('payload["n"]', 'payload["m"]'))
    signals_of(made.workspace).send("review-3", {"n": 7}, "ada")
    with pytest.raises(KeyError):
        made.make("review")
    mended = make_project(REVIEW, like=made)
    assert mended.make("review").status == "materialized"
    assert mended.lines() == ["asks", "answered", "answered"]


def test_config_values_of_both_functions_count(make_project):
    made = make_project(REVIEW, params={"review": {"prefix": "r", "plus": 10}})
    made.make("figures")
    signals_of(made.workspace).send("r-3", {"n": 7}, "ada")
    made.make("review")
    assert made.value("review")["n"] == 17


def test_of_two_signals_the_first_counts(waiting):
    made = waiting()
    log = signals_of(made.workspace)
    log.send("review-3", {"n": 7}, "ada")
    with pytest.raises(UsageError, match=r"the signal 'review-3' was sent before: .* by ada"):
        log.send("review-3", {"n": 8}, "bob")
    made.make("review")
    with pytest.raises(UsageError, match="nothing waits for 'review-3' any more: it was sent before"):
        log.send("review-3", {"n": 8}, "bob")
    assert made.value("review")["n"] == 7


def test_of_signals_at_once_one_counts_and_the_others_are_told(waiting):
    made = waiting()
    log, counted, refused = signals_of(made.workspace), [], []

    def send(number):
        try:
            counted.append(log.send("review-3", {"n": number}, "ada").payload["n"])
        except UsageError:
            refused.append(number)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counted) == 1
    assert len(refused) == 7
    made.make("review")
    assert made.value("review")["n"] == counted[0]


def test_without_on_timeout_the_asset_fails_when_the_time_is_over(waiting):
    made = waiting()
    make_over(made)
    with pytest.raises(UsageError, match="the time to send 'review-3' is over"):
        signals_of(made.workspace).send("review-3", {"n": 7}, "ada")
    for _ in range(2):
        with pytest.raises(SignalTimeoutError, match="no signal 'review-3' came for review in time"):
            made.make("review")
    assert find_settled(made.workspace, "review", None, Run("another", "local")) is None
    assert materialize(made.workspace, "review", None, Run("another", "local")).status == "waiting"
    assert made.lines() == ["asks", "asks"]
    signals_of(made.workspace).send("review-3", {"n": 7}, "ada")
    assert materialize(made.workspace, "review", None, Run("a third", "local")).status == "materialized"


def test_an_on_timeout_that_raises_is_tried_again_in_the_same_run_only(waiting):
    made = waiting(REVIEW + LATE.replace("return", "log('late'); return 1 / 0 and"))
    make_over(made)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            made.make("review")
    assert materialize(made.workspace, "review", None, Run("another", "local")).status == "waiting"
    assert made.lines() == ["asks", "late", "late", "asks"]


def test_with_on_timeout_another_function_makes_the_value(waiting):
    made = waiting(REVIEW + LATE)
    make_over(made)
    assert find_settled(made.workspace, "review", None, Run("run", "local")) is None
    outcome = made.make("review")
    assert outcome.status == "materialized"
    assert made.value("review") == {"late": len("review-3")}
    assert outcome.records[0].metadata["signal"] == {"token": "review-3", "by": "timeout"}
    with pytest.raises(UsageError, match="any more: its time was over"):
        signals_of(made.workspace).send("review-3", {"n": 7}, "ada")


def test_a_late_signal_in_the_log_does_not_count(waiting):
    made = waiting(REVIEW + LATE)
    make_over(made)
    signals_of(made.workspace).add(Event(at=datetime.now(UTC), event="sent", token="review-3", payload={"n": 7}))
    made.make("review")
    assert made.value("review") == {"late": len("review-3")}


def test_by_force_each_run_asks_anew_and_goes_on_with_what_it_asked(waiting):
    made = waiting()
    forced = Run("forced", "local")
    for run in (forced, forced, Run("resumed", "local", continues=("forced",))):
        assert materialize(made.workspace, "review", None, run, force=True).status == "waiting"
    assert made.lines() == ["asks", "asks"]
    signals_of(made.workspace).send("review-3", {"n": 7}, "ada")
    assert materialize(made.workspace, "review", None, forced, force=True).status == "materialized"


def test_what_was_cut_off_is_passed_over(waiting):
    made = waiting()
    path = made.root / ".flowstone" / "signals.jsonl"
    with path.open("ab") as file:
        file.write(b'\n{"at": "2024-01-01T00:00:00Z", "event": "sent", "token": "review-3", "payl')
    assert made.make("review").status == "waiting"
    signals_of(made.workspace).send("review-3", {"n": 7}, "ada")
    assert made.make("review").status == "materialized"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_request_that_was_not_written_down_is_made_again_and_its_answer_counts(waiting):
    made = waiting()
    path = made.root / ".flowstone" / "signals.jsonl"
    path.write_bytes(b"")  # killed between the request and the record of its token
    signals_of(made.workspace).send("review-3", {"n": 7}, "ada")
    assert made.make("review").status == "materialized"
    assert made.lines() == ["asks", "asks", "answered"]


def test_two_assets_cannot_wait_for_one_token(make_project):
    made = make_project("""
for name in ("first", "second"):
    @asset(name=name, signal_gate=SignalGate(timeout="1h"))
    def ask() -> Signal:
        return Signal(token="same")

    @ask.on_signal
    def answered(payload: int) -> int:
        return payload
""")
    assert made.make("first").status == "waiting"
    with pytest.raises(OutputError, match="second waits for 'same', and so does first"):
        made.make("second")
    signals_of(made.workspace).send("same", 5, "ada")
    made.make("first")
    assert made.value("first") == 5


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("'review'", "its function returned str"),
        ("None", "its function returned NoneType"),
        ("Signal(token='a', data=object())", "no JSON value"),
        ("Signal(token='a', data=float('nan'))", "that JSON cannot keep"),
        ("Signal(token='a', data='\\ud800')", "JSON"),
        ("Signal(token='hunter22')", "would write a secret of the project"),
        ("Signal(token='a', data={'password': 'hunter22'})", "would write a secret of the project"),
    ],
)
def test_what_cannot_be_kept_is_refused(make_project, returned, message):
    text = f"""
@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> Signal:
    return {returned}

@review.on_signal
def reviewed(payload: int, key: str = "") -> int:
    return payload
"""
    made = make_project(text, params={"review": {"key": {"env": "SIGNAL_TEST_KEY"}}})
    workspace = Workspace(made.project, made.root, {"SIGNAL_TEST_KEY": "hunter22"})
    with pytest.raises(OutputError, match=message):
        made.make("review", workspace=workspace)
    assert not (made.root / ".flowstone" / "signals.jsonl").exists()


HOSTILE = [
    "a/b\\c:d|e",
    "ünï-💥",
    "--payload",
    "'; DROP TABLE x; --",
    "a b",
    "../../etc/passwd",
    "x" * 4096,
    "%s{}$(id)",
]


@pytest.mark.parametrize("token", HOSTILE, ids=itertools.count())
def test_odd_tokens_come_back_as_they_are(make_project, token):
    made = make_project(f"""
@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> Signal:
    return Signal(token={token!r})

@review.on_signal
def reviewed(payload: int, signal: Signal) -> str:
    return signal.token
""")
    assert made.make("review").status == "waiting"
    signals_of(made.workspace).send(token, 1, "ada")
    made.make("review")
    assert made.value("review") == token


@pytest.mark.parametrize("token", ["", "  ", "a\0b", "a\nb", "\x1b[31m", "x" * 4097, "\ud800", "a\u2028b"])
def test_tokens_that_nobody_could_send_are_refused(make_project, token):
    made = make_project(f"""
@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> Signal:
    return Signal(token={token!a})

@review.on_signal
def reviewed(payload: int) -> int:
    return payload
""")
    with pytest.raises(ValueError, match="token "):
        made.make("review")


@pytest.mark.parametrize(
    ("annotation", "payload", "value"),
    [
        ("date", "2024-02-29", "2024-02-29"),
        ("list[int]", [1, 2], "[1, 2]"),
        ("Answer", {"yes": True}, "Answer(yes=True)"),
    ],
)
def test_the_payload_is_what_the_annotation_says(make_project, annotation, payload, value):
    made = make_project(f"""
from dataclasses import dataclass
from datetime import date

@dataclass
class Answer:
    yes: bool

@asset(signal_gate=SignalGate(timeout="1h"))
def review() -> Signal:
    return Signal(token="a")

@review.on_signal
def reviewed(payload: {annotation}) -> str:
    return str(payload)
""")
    made.make("review")
    signals_of(made.workspace).send("a", payload, "ada")
    made.make("review")
    assert made.value("review") == value


def test_a_payload_that_does_not_fit_is_told(waiting):
    made = waiting()
    signals_of(made.workspace).send("review-3", ["n"], "ada")
    with pytest.raises(OutputError, match="the payload of 'review-3' is no dict"):
        made.make("review")


def test_resources_are_open_for_the_function_that_takes_them(make_project):
    made = make_project("""
def log(text):
    with (HERE / "log").open("a") as file:
        file.write(f"{text}\\n")

@resource
def desk():
    log("opens desk")
    yield "desk"
    log("closes desk")

@resource
def post():
    log("opens post")
    yield "post"

@asset(signal_gate=SignalGate(timeout="1h"))
async def review(desk: str) -> Signal:
    return Signal(token=desk)

@review.on_signal
async def reviewed(payload: int, post: str) -> str:
    return post

@check(asset="review", blocking=True)
def is_short(review: str) -> bool:
    return len(review) < 5
""")
    made.make("review")
    assert made.lines() == ["opens desk", "closes desk"]
    signals_of(made.workspace).send("desk", 1, "ada")
    outcome = made.make("review")
    assert made.lines() == ["opens desk", "closes desk", "opens post"]
    assert made.value("review") == "post"
    assert [check.passed for check in outcome.records[0].checks] == [True]


def test_what_the_request_notes_is_in_the_record_of_the_value(make_project):
    made = make_project("""
@asset(signal_gate=SignalGate(timeout="1h"))
def review(ctx: Context) -> Signal:
    ctx.add_metadata({"asked": 1, "both": "asked"})
    ctx.add_partitions("teams", ["eu"])
    return Signal(token="review")

@review.on_signal
def reviewed(payload: int, ctx: Context) -> int:
    ctx.add_metadata({"answered": 2, "both": "answered"})
    ctx.add_partitions("teams", ["us"])
    return payload

@asset(partitioned_by=DynamicPartitions("teams"))
def team() -> int:
    return 1
""")
    made.make("review")
    signals_of(made.workspace).send("review", 1, "ada")
    (record,) = made.make("review").records
    assert record.metadata["user"] == {"asked": 1, "answered": 2, "both": "answered"}
    assert made.make("team", "eu").status == made.make("team", "us").status == "materialized"


def test_partitions_wait_for_themselves(make_project):
    made = make_project("""
keys = StaticPartitions("eu", "us")

@asset(partitioned_by=keys)
def orders(ctx: Context) -> int:
    return len(ctx.partition.key)

@asset(partitioned_by=keys, depends_on=[Dep("orders", as_="before")], signal_gate=SignalGate(timeout="1h"))
def review(ctx: Context) -> Signal:
    return Signal(token=f"review {ctx.partition.key}")

@review.on_signal
def reviewed(payload: int, before: int, ctx: Context) -> str:
    return f"{ctx.partition.key} {payload} {before}"
""")
    for key in ("eu", "us"):
        made.make("orders", key)
        assert made.make("review", key).status == "waiting"
    signals_of(made.workspace).send("review us", 5, "ada")
    assert made.make("review", "us").status == "materialized"
    assert made.make("review", "eu").status == "waiting"
    assert made.value("review", "us") == "us 5 2"


def test_a_decorated_function_stays_a_function(make_project):
    made = make_project(REVIEW + LATE)
    made.make("figures")
    made.make("review")
    module = sys.modules[made.module]
    assert module.review([1, 2]) == module.Signal("review-3", {"sum": 3})
    assert module.reviewed({"n": 1}, module.Signal("a", {"sum": 2}), []) == {"n": 1, "sum": 2, "figures": 0}


def test_the_log_holds_no_more_than_was_said(waiting):
    made = waiting()
    lines = (made.root / ".flowstone" / "signals.jsonl").read_text().split()
    (event,) = [json.loads(line) for line in " ".join(lines).splitlines()]
    assert (event["event"], event["token"], event["data"]) == ("waits", "review-3", {"sum": 3})
