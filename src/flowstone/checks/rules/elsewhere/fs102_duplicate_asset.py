"""FS102: two declarations of one asset."""

from flowstone.checks.rule import Rule

_ORDERS = """\
from flowstone import asset


@asset
def orders() -> list[int]:
    return [1, 2]
"""

RULE = Rule(
    code="FS102",
    name="duplicate-asset",
    summary="Two declarations make the asset of the same id",
    why="Both would store their value in the same place, and who reads it would get either.",
    bad={
        "pipelines/sales.py": _ORDERS,
        "pipelines/shop.py": _ORDERS.replace("list[int]:", "list[int]:  # <- here"),
    },
    good={
        "pipelines/sales.py": _ORDERS,
        "pipelines/shop.py": _ORDERS.replace("@asset", '@asset(namespace="shop")'),
    },
)
