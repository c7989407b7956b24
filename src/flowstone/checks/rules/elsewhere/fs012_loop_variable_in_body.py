"""FS012: an asset made in a loop whose body reads the loop's variable."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS012",
    name="loop-variable-in-body",
    summary="A function that is defined in a loop reads the loop's variable when it runs",
    why="A Python function looks the variable up when it is called. By then the loop has ended, and every one of the "
    "assets would see the last value.",
    bad="""\
from flowstone import asset

for region in ("eu", "us"):

    @asset(name=f"orders_{region}")
    def orders() -> str:
        return region  # <- here
""",
    good="""\
from flowstone import asset


def make_orders(region: str) -> None:
    @asset(name=f"orders_{region}")
    def orders() -> str:
        return region


for region in ("eu", "us"):
    make_orders(region)
""",
    fixes=(Remedy("adds a parameter whose default keeps the value"),),
)
