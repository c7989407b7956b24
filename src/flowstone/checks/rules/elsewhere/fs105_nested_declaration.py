"""FS105: a declaration where nobody can see it."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS105",
    name="nested-declaration",
    summary="A declaration stands inside a class, or in a function that no module calls with constants",
    why="It comes into being only when something runs, so nothing knows that it exists.",
    bad="""\
from flowstone import asset


class Shop:
    @asset
    def orders() -> list[int]:  # <- here
        return [1, 2]
""",
    good="""\
from flowstone import asset


@asset(namespace="shop")
def orders() -> list[int]:
    return [1, 2]
""",
)
