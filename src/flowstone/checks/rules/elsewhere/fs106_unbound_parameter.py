"""FS106: a parameter that nothing is given to."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS106",
    name="unbound-parameter",
    summary="A parameter is neither an asset, nor a resource, nor has it a default",
    why="The function cannot be called: there is no value for the parameter.",
    bad="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def revenue(order: list[int]) -> int:  # <- here
    return sum(order)
""",
    good="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def revenue(orders: list[int]) -> int:
    return sum(orders)
""",
    fixes=(Remedy("renames the parameter, and its uses, to the name that is clearly meant"),),
)
