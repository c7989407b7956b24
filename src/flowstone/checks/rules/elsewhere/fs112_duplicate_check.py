"""FS112: two checks of one name on one asset."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS112",
    name="duplicate-check",
    summary="Two checks have the same name",
    why="Their outcomes are kept by name: one would hide the other.",
    bad="""\
from flowstone import asset, check


@asset
def orders() -> list[int]:
    return [1, 2]


@check(asset="orders", name="plausible")
def not_empty(orders: list[int]) -> bool:
    return bool(orders)


@check(asset="orders", name="plausible")  # <- here
def positive(orders: list[int]) -> bool:
    return all(order > 0 for order in orders)
""",
    good="""\
from flowstone import asset, check


@asset
def orders() -> list[int]:
    return [1, 2]


@check(asset="orders")
def not_empty(orders: list[int]) -> bool:
    return bool(orders)


@check(asset="orders")
def positive(orders: list[int]) -> bool:
    return all(order > 0 for order in orders)
""",
)
