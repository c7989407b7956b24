"""FS612: a sensor that asks for a partition that its job has not."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject
from flowstone.ir.run_keys import why_not_key
from flowstone.ir.sensor import Sensor


def check(subject: Subject) -> Iterator[Finding]:
    for fact, sensor in subject.deeds("requests"):
        assert isinstance(sensor, Sensor)
        job = subject.project.jobs.get(sensor.job)
        if job is None or not job.steps:
            continue  # other rules tell
        reason = why_not_key(subject.project, job.steps, fact.what)
        if reason is not None:
            place = job.location or subject.project.steps[job.steps[0]].location
            yield Finding(
                f"sensor {sensor.name!r} asks the job {job.name!r} for a partition that it has not: {reason}",
                fact.location,
                help="name a partition of what the job makes, or leave partition= out",
                related=((place, f"the job {job.name!r}"),),
            )


RULE = Rule(
    code="FS612",
    name="partition-of-sensed-job",
    summary="A sensor asks for a partition that its job does not have",
    why="The run could not be started, although its key would count as done.",
    bad="""\
from flowstone import Job, RunRequest, asset, sensor


@asset
def orders() -> list[int]:
    return [1, 2]


load = Job("load", select="orders")


@sensor(job="load", every="30s")
def new_files(cursor: str | None) -> list[RunRequest]:
    return [RunRequest("monday.csv", partition="2024-01-01")]  # <- here
""",
    good="""\
from flowstone import DailyPartitions, Job, RunRequest, asset, sensor


@asset(partitioned_by=DailyPartitions("2024-01-01"))
def orders() -> list[int]:
    return [1, 2]


load = Job("load", select="orders")


@sensor(job="load", every="30s")
def new_files(cursor: str | None) -> list[RunRequest]:
    return [RunRequest("monday.csv", partition="2024-01-01")]
""",
    check=check,
)
