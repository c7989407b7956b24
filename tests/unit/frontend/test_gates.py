"""Assets that wait for a signal, as the front end reads them."""

from flowstone.frontend.outline import outline
from flowstone.ir.text import to_text

TEXT = """from flowstone import Dep, Last, DailyPartitions, Signal, SignalGate, asset, resource

days = DailyPartitions(start="2024-01-01", timezone="UTC")


@resource
def desk() -> str:
    return "desk"


@asset(partitioned_by=days)
def orders() -> int:
    return 1


@asset(
    partitioned_by=days,
    depends_on=[Dep("orders", as_="week", partitions=Last(days=7))],
    signal_gate=SignalGate(timeout="1h30m"),
)
def review(orders: int, prefix: str = "r") -> Signal:
    return Signal(token=prefix)


@review.on_signal
async def reviewed(payload: list[int], week: dict[str, int], desk: str, ctx) -> int:
    return sum(payload)


@review.on_timeout
def late(asked: Signal, orders: int, factor: int = 2) -> int | None:
    return None
"""


def test_a_gate_has_its_handlers_and_what_they_read(project):
    found = project(TEXT)
    assert [str(item) for item in found.diagnostics] == []
    text = to_text(found.project)
    assert text[text.index("step review") :].splitlines() == [
        "step review by DailyPartitions(start='2024-01-01T00:00') = pipe:review",
        "  needs orders: int <- orders",
        "  needs week: dict[str, int] <- orders by Last(days=7) in on_signal",
        "  needs orders: int <- orders in on_timeout",
        "  resource desk <- desk in on_signal",
        '  config prefix: str = "r"',
        "  config factor: int = 2 in on_timeout",
        "  waits for a signal for 5400s",
        "  on_signal(ctx, payload) -> int = async pipe:reviewed",
        "  on_timeout(asked) -> int | None = pipe:late",
        "  asset review: int | None in local",
        "group job default: orders review",
    ]


def test_bodies_of_handlers_are_in_the_fingerprint_but_not_in_that_of_the_request(project):
    def steps(text):
        return project(text).project.steps["review"]

    before = steps(TEXT)
    for old, new in (("sum(payload)", "max(payload)"), ("return None", "return 0")):
        after = steps(TEXT.replace(old, new))
        assert after.code != before.code
        assert after.gate.request == before.gate.request
    asked = steps(TEXT.replace("token=prefix", "token=prefix * 2"))
    assert asked.code != before.code
    assert asked.gate.request != before.gate.request


def test_a_factory_in_another_module_makes_both(project):
    found = project(
        {
            "pipe.py": "from factory import make\nmake('a')\nmake('b')\n",
            "factory.py": """
from flowstone import Signal, SignalGate, asset

def make(name):
    @asset(name=name, signal_gate=SignalGate("1h"))
    def ask() -> Signal:
        return Signal(token=name)

    @ask.on_signal
    def answered(payload: str) -> str:
        return payload + name
""",
        }
    )
    assert [str(item) for item in found.diagnostics] == []
    handlers = [found.project.steps[name].gate.on_signal for name in "ab"]
    assert [(item.function.module, item.function.defined_in, item.function.key) for item in handlers] == [
        ("pipe", "factory", "a"),
        ("pipe", "factory", "b"),
    ]


def test_brackets_behind_the_decorator_are_a_mistake(project):
    text = TEXT.replace("@review.on_signal", "@review.on_signal()")
    assert project.findings(text) == [("FS005", 25, 2)]


def test_constants_that_a_handler_changes_stay_constants(project):
    text = TEXT.replace("days = ", 'TAGS = ["a"]\ndays = ').replace("sum(payload)", "TAGS.append('b')")
    text = text.replace("signal_gate=", "tags=TAGS, signal_gate=")
    assert project.findings(text) == []


def test_the_outline_has_of_a_handler_what_rules_ask_about(project):
    def seen(text):
        return outline(text, set(), lambda _: False)

    assert seen(TEXT.replace("sum(payload)", "max(payload)")) == seen(TEXT)
    assert seen(TEXT.replace("return sum(payload)", "print(payload)")) != seen(TEXT)
    assert seen(TEXT.replace("payload: list[int]", "payload: list[str]")) != seen(TEXT)
    assert seen(TEXT.replace("@review.on_timeout\n", "")) != seen(TEXT)
