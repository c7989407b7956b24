"""FS103: two jobs of one name."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS103",
    name="duplicate-job",
    summary="Two jobs have the same name",
    why="A job becomes one generated file, DAG and flow: the second would overwrite the first.",
    bad="""\
from flowstone import Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="orders")
again = Job("nightly", select="*")  # <- here
""",
    good="""\
from flowstone import Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="orders")
again = Job("everything", select="*")
""",
)
