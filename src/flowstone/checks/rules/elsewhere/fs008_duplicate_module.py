"""FS008: two files that are one module."""

from flowstone.checks.rule import Rule

_MODULE = """\
from flowstone import asset


@asset
def {name}() -> list[int]:
    return [1, 2]
"""

RULE = Rule(
    code="FS008",
    name="duplicate-module",
    summary="Two files have the same module name",
    why="Python imports only one of them, so the assets of the other would never be found by a worker.",
    bad={
        "pipelines/sales.py": _MODULE.format(name="orders").replace("asset\n", "asset  # <- here\n", 1),
        "pipelines/sales/__init__.py": _MODULE.format(name="returns"),
    },
    good={
        "pipelines/sales/orders.py": _MODULE.format(name="orders"),
        "pipelines/sales/__init__.py": _MODULE.format(name="returns"),
    },
)
