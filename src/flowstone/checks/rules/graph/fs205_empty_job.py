"""FS205: a job without anything to do."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding
from flowstone.checks.rule import Rule
from flowstone.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    for job in subject.project.jobs.values():
        if not job.steps and job.location is not None:
            without = f" without {job.exclude!r}" if job.exclude else ""
            yield Finding(
                f"job {job.name!r} selects nothing: no asset is meant by {job.select!r}{without}",
                job.location,
                help="flowstone ls SELECTION shows what a selection means",
            )


RULE = Rule(
    code="FS205",
    name="empty-job",
    summary="A job selects no asset",
    why="It would run on time, succeed, and do nothing.",
    bad="""\
from flowstone import Job, asset


@asset(tags=["sales"])
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="tag:sales", exclude="+orders")  # <- here
""",
    good="""\
from flowstone import Job, asset


@asset(tags=["sales"])
def orders() -> list[int]:
    return [1, 2]


nightly = Job("nightly", select="tag:sales")
""",
    check=check,
)
