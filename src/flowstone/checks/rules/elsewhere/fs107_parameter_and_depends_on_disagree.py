"""FS107: keywords that speak of parameters which are not there, or twice of one."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS107",
    name="parameter-and-depends-on-disagree",
    summary="`depends_on` or `optional_deps` do not fit the function's parameters",
    why="A dependency under an alias that is no parameter would be loaded and handed to nobody; two for one parameter "
    "leave open which one is meant.",
    bad="""\
from flowstone import Dep, asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset(depends_on=[Dep("orders", as_="all_orders")])  # <- here
def revenue() -> int:
    return 0
""",
    good="""\
from flowstone import Dep, asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset(depends_on=[Dep("orders", as_="all_orders")])
def revenue(all_orders: list[int]) -> int:
    return sum(all_orders)
""",
    fixes=(
        Remedy("leaves out an item that says the same as another", safe=True),
        Remedy("writes the parameter that is clearly meant"),
    ),
    fixable="""\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset(depends_on=["orders", "orders"])  # <- here
def revenue() -> int:
    return 0
""",
)
