"""FS003: a declaration's value that cannot be seen without running the code."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS003",
    name="not-constant",
    summary="A value in a declaration is known only when the code runs",
    why="Nothing of the project is imported to check or compile it, so what a declaration says must be constant: "
    "literals, names bound once at module level, f-strings, arithmetic, FlowStone's own types. Values that differ "
    "between environments belong into the configuration.",
    bad="""\
import os

from flowstone import asset


@asset(group=os.environ["TEAM"])  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset

TEAM = "sales"


@asset(group=TEAM)
def orders() -> list[int]:
    return [1, 2]
""",
)
