"""FS009: a declaration that takes too long to work out, or never ends."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS009",
    name="evaluation-limit",
    summary="A constant of a declaration is too large, too deep, or defined by itself",
    why="Declarations are worked out on every check, in every editor: a value or loop without bounds would stop it.",
    bad="""\
from flowstone import asset

KEYS = "x" * 10**9  # <- here


@asset(group=KEYS)
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset

KEYS = "x" * 10


@asset(group=KEYS)
def orders() -> list[int]:
    return [1, 2]
""",
)
