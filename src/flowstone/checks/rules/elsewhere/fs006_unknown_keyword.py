"""FS006: a keyword that the decorator or type does not have."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS006",
    name="unknown-keyword",
    summary="A decorator or a FlowStone type has no such keyword",
    why="A misspelt keyword would be an exception at import time, or be ignored.",
    bad="""\
from flowstone import asset


@asset(retires=3)  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset(retries=3)
def orders() -> list[int]:
    return [1, 2]
""",
    fixes=(Remedy("writes the keyword that is clearly meant"),),
)
