"""FS005: a value of the wrong type, or that its type refuses."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS005",
    name="invalid-value",
    summary="A keyword's value has the wrong type, or a FlowStone type refuses its arguments",
    why="The declaration has no meaning, or raises an exception when a worker imports the module.",
    bad="""\
from flowstone import Retry, asset


@asset(retries=Retry(-1))  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import Retry, asset


@asset(retries=Retry(1, delay="30s"))
def orders() -> list[int]:
    return [1, 2]
""",
    fixes=(
        Remedy("puts a single value into a list", safe=True),
        Remedy("writes the name of a function as a text", safe=True),
        Remedy("calls a type that needs no arguments", safe=True),
        Remedy("leaves out an argument that is given twice", safe=True),
    ),
    fixable="""\
from flowstone import asset


@asset(owners="sales")  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
)
