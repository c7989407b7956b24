"""FS608: a sensor that starts a job that there is not."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.suggest import did_you_mean, nearest
from flowstone.fixes.respell import respell


def check(subject: Subject) -> Iterator[Finding]:
    jobs = subject.project.jobs
    for sensor in subject.project.sensors.values():
        if sensor.job not in jobs and subject.complete:
            near = nearest(sensor.job, jobs)
            yield Finding(
                f"sensor {sensor.name!r} starts the job {sensor.job!r}, and there is no such job",
                sensor.job_location,
                help=did_you_mean(sensor.job, jobs) or f'declare it: Job("{sensor.job}", select=...)',
                fix=None if near is None else respell(to_span(sensor.job_location), sensor.job, near),
            )


RULE = Rule(
    code="FS608",
    name="unknown-sensed-job",
    summary="A sensor is for a job that there is not",
    why="What it finds would start nothing. Engines tell that when the first run is to be started.",
    bad="""\
from flowstone import Job, RunRequest, asset, sensor


@asset
def orders() -> list[int]:
    return [1, 2]


load = Job("load", select="orders")


@sensor(job="laod", every="30s")  # <- here
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
    check=check,
    fixes=(Remedy("writes the name that is clearly meant"),),
)
