"""FS609: a sensor that looks never, or all the time."""

from flowstone.checks.rule import Rule

RULE = Rule(
    code="FS609",
    name="sensor-interval",
    summary="A sensor does not say how often it looks, or says no such length of time",
    why="There is no distance that is right for a folder as well as for a service that counts calls.",
    bad="""\
from flowstone import Job, RunRequest, asset, sensor


@asset
def orders() -> list[int]:
    return [1, 2]


load = Job("load", select="orders")


@sensor(job="load", every="30 seconds")  # <- here
def new_files(cursor: str | None) -> list[RunRequest]:
    return [RunRequest("monday.csv")]
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
""",
)
