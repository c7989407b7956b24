"""FS001: a file that is not Python."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS001",
    name="syntax-error",
    summary="A source file is not valid Python",
    why="What cannot be parsed cannot be imported by a worker either. The rest of the project is still checked.",
    bad="""\
from flowstone import asset


@asset
def orders() -> list[int]  # <- here
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]
""",
)
