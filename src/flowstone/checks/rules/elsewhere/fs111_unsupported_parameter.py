"""FS111: a kind of parameter that cannot be bound by name."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS111",
    name="unsupported-parameter",
    summary="A declaration has `*args`, `**kwargs` or positional-only parameters",
    why="Parameters are bound by their names, and these have none that could be used.",
    bad="""\
from flowstone import asset


@asset
def orders(**options: int) -> list[int]:  # <- here
    return list(options.values())
""",
    good="""\
from flowstone import asset


@asset
def orders(limit: int = 2) -> list[int]:
    return list(range(limit))
""",
    fixes=(Remedy("leaves out the `/`", safe=True),),
    fixable="""\
from flowstone import asset


@asset
def orders(limit: int = 2, /) -> list[int]:  # <- here
    return list(range(limit))
""",
)
