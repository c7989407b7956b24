"""FS101: a definition that hides a declaration in the same module."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS101",
    name="duplicate-function",
    summary="Two functions of one module have the same name, and one of them is a declaration",
    why="The second definition replaces the first in the module, so a worker would run the wrong function.",
    bad="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset(name="returns")
def orders() -> list[int]:  # <- here
    return [3]
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def returns() -> list[int]:
    return [3]
""",
)
