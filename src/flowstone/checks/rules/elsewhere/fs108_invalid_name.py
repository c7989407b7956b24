"""FS108: a name that is no identifier."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS108",
    name="invalid-name",
    summary="A name holds characters that not every engine, file system and database takes",
    why="Names become task ids, file names and tables. They are refused rather than silently changed: letters without "
    "accents, digits and `_`, not beginning with a digit; a dot separates the parts of a namespace.",
    bad="""\
from flowstone import asset


@asset(name="raw orders")  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset(name="raw_orders")
def orders() -> list[int]:
    return [1, 2]
""",
    fixes=(Remedy("writes underscores for what cannot be in a name"),),
)
