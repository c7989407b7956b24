"""FS007: a word of the language that this version does not know how to carry out."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS007",
    name="not-supported-yet",
    summary="The language reserves this word, and this version does not support it",
    why="Accepting it and doing nothing would be worse than refusing it.",
    bad="""\
from flowstone import asset, sensor  # <- here


@asset
def orders() -> list[int]:
    return [1, 2]


@sensor(job="default", every="5m")
def new_orders() -> bool:
    return True
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]
""",
)
