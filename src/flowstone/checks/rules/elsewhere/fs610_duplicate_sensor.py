"""FS610: two sensors of one name."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS610",
    name="duplicate-sensor",
    summary="Two sensors have the same name",
    why="Cursors, and the runs that were started, are kept by the sensor's name: each would go on where the other was.",
    bad="""\
from flowstone import Job, RunRequest, asset, sensor


@asset
def orders() -> list[int]:
    return [1, 2]


load = Job("load", select="orders")


@sensor(job="load", every="30s", name="files")
def new_files(cursor: str | None) -> list[RunRequest]:
    return [RunRequest("monday.csv")]


@sensor(job="load", every="30s", name="files")  # <- here
def late_files(cursor: str | None) -> list[RunRequest]:
    return [RunRequest("sunday.csv")]
""",
    good="""\
from flowstone import Job, RunRequest, asset, sensor


@asset
def orders() -> list[int]:
    return [1, 2]


load = Job("load", select="orders")


@sensor(job="load", every="30s")
def new_files(cursor: str | None) -> list[RunRequest]:
    return [RunRequest("monday.csv")]


@sensor(job="load", every="30s")
def late_files(cursor: str | None) -> list[RunRequest]:
    return [RunRequest("sunday.csv")]
""",
)
