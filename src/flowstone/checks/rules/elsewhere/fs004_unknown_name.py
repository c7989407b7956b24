"""FS004: a name in a declaration that nothing defines."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS004",
    name="unknown-name",
    summary="A declaration uses a name that is not defined",
    why="The module would fail with a NameError or an ImportError when a worker imports it.",
    bad="""\
from flowstone import asset


@asset(retries=Retry(3))  # <- here
def orders() -> list[int]:
    return [1, 2]
""",
    good="""\
from flowstone import Retry, asset


@asset(retries=Retry(3))
def orders() -> list[int]:
    return [1, 2]
""",
    fixes=(
        Remedy("imports a name of FlowStone"),
        Remedy("writes the name that is clearly meant"),
    ),
)
