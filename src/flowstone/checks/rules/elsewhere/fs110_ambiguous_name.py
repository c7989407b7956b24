"""FS110: a name that means several things."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS110",
    name="ambiguous-name",
    summary="A parameter's name means assets of several namespaces, or both an asset and a resource",
    why="Whichever were chosen, adding an asset elsewhere could silently change what the function reads.",
    bad="""\
from flowstone import asset


@asset(name="orders", namespace="shop")
def shop_orders() -> list[int]:
    return [1, 2]


@asset(name="orders", namespace="web")
def web_orders() -> list[int]:
    return [3]


@asset
def revenue(orders: list[int]) -> int:  # <- here
    return sum(orders)
""",
    good="""\
from flowstone import Dep, asset


@asset(name="orders", namespace="shop")
def shop_orders() -> list[int]:
    return [1, 2]


@asset(name="orders", namespace="web")
def web_orders() -> list[int]:
    return [3]


@asset(depends_on=[Dep("shop.orders", as_="orders")])
def revenue(orders: list[int]) -> int:
    return sum(orders)
""",
)
