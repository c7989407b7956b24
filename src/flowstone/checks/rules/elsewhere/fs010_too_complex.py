"""FS010: a file that is nested more deeply than any program."""

from flowstone.checks.rule import Rule

_DEPTH = 1500

RULE = Rule(
    code="FS010",
    name="too-complex",
    summary="A source file is nested too deeply",
    why="Python itself refuses such files, or crashes on them. Up to a depth of 1,000, what Python compiles is read.",
    bad=f"""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return 1{" + (1" * _DEPTH}{")" * _DEPTH}  # <- here
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]
""",
)
