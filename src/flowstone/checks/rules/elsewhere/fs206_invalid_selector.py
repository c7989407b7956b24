"""FS206: a selector that cannot be read, or that names an asset which is not there."""

from flowstone.checks.rule import Remedy, Rule

RULE = Rule(
    code="FS206",
    name="invalid-selector",
    summary="A job's selector is malformed, or names an asset that is not defined",
    why="What the job runs would not be what was meant.",
    bad="""\
from flowstone import Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="+order")  # <- here
""",
    good="""\
from flowstone import Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="+orders")
""",
    fixes=(Remedy("writes the name that is clearly meant"),),
)
