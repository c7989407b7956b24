"""FS801: what an engine cannot do. Found by the target, when it is asked."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS801",
    name="target-unsupported",
    summary="The target that code is compiled for cannot do this",
    why="What an engine or its version cannot express is refused when it is compiled, and never dropped. The message "
    "says which target, and why. `flowstone compile` reports it, and before that `check --target airflow@3.2`; "
    "the same project may be fine for another target.",
    bad="""\
from flowstone import asset


@asset(airflow={"no_such_option": 1})  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import asset


@asset(airflow={"pool": "database"})
def orders() -> list[int]:
    return [1, 2]
""",
)
