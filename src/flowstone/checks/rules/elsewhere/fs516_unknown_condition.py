"""FS516: a checkpoint that asks a function which is not there whether a value has to be approved."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS516",
    name="unknown-condition",
    summary="`Approval(when=)` names no function of the module",
    why="It is asked when the value has been made: the run would fail at its end.",
    bad="""\
from flowstone import Approval, asset


def is_big(trade: int) -> bool:
    return trade > 1_000_000


@asset(checkpoint=Approval("Trade?", when="is_bigg"))  # <- here
def trade() -> int:
    return 2_000_000
""",
    good="""\
from flowstone import Approval, asset


def is_big(trade: int) -> bool:
    return trade > 1_000_000


@asset(checkpoint=Approval("Trade?", when="is_big"))
def trade() -> int:
    return 2_000_000
""",
    fixes=(Remedy("writes the name that is clearly meant"),),
)
