"""FS204: an asset that scheduled ones read and that nothing ever makes by itself."""

from __future__ import annotations

from collections.abc import Iterator

from flowstone.checks.finding import Finding, to_span
from flowstone.checks.rule import Remedy, Rule
from flowstone.checks.subject import Subject
from flowstone.diagnostics.diagnostic import Severity
from flowstone.dsl.schedule import OnUpdate, Schedule
from flowstone.fixes.respell import respell
from flowstone.fixes.source import MakeFix
from flowstone.ir.project import Project
from flowstone.ir.updates import updates_of


def check(subject: Subject) -> Iterator[Finding]:
    project = subject.project
    clocked = _clocked(project)
    if not clocked:
        return
    triggered = _triggered(project, clocked)
    for step in project.steps.values():
        users = [user for user in project.downstream[step.id] if user in clocked] if step.id not in triggered else []
        if users:
            yield Finding(
                f"nothing triggers {step.id!r}, which {users[0]!r} reads on a schedule",
                step.location,
                fix=_fix(project, users[0]),
                help=f"select it in the job as well, as in select='+{users[0]}', or give it a schedule",
                related=((project.steps[users[0]].location, "this one runs on a schedule"),),
            )


def _fix(project: Project, user: str) -> MakeFix | None:
    """Select what is upstream too, in the one job on a schedule that selects the user of the step alone."""
    jobs = [job for job in project.jobs.values() if _has_clock(job.schedule) and user in job.steps]
    if len(jobs) != 1 or jobs[0].location is None or jobs[0].select != user:
        return None
    return respell(to_span(jobs[0].location), user, f"+{user}", argument="select", position=1)


def _clocked(project: Project) -> set[str]:
    """Steps that run by the clock."""
    steps = {step for job in project.jobs.values() if _has_clock(job.schedule) for step in job.steps}
    return steps | {step.id for step in project.steps.values() if _has_clock(step.schedule)}


def _has_clock(schedule: Schedule | None) -> bool:
    return schedule is not None and not isinstance(schedule, OnUpdate)


def _triggered(project: Project, clocked: set[str]) -> set[str]:
    """Steps that run by the clock, or in a job that a sensor starts, or something that it reads or follows."""
    followers: dict[str, list[str]] = {}
    for job in project.jobs.values():
        for asset in updates_of(project, job):
            followers.setdefault(project.assets[asset].step, []).append(job.name)
    jobs_of: dict[str, list[str]] = {}
    for job in project.jobs.values():
        for step in job.steps:
            jobs_of.setdefault(step, []).append(job.name)
    sensed = {step for name in project.sensors_of if name in project.jobs for step in project.jobs[name].steps}
    triggered, todo, started = clocked | sensed, [*clocked, *sensed], set[str]()
    while todo:
        step = todo.pop()
        readers = [name for user in project.downstream.get(step, ()) for name in jobs_of.get(user, ())]
        for name in (*readers, *followers.get(step, ())):
            if name not in started:
                started.add(name)
                fresh = [item for item in project.jobs[name].steps if item not in triggered]
                triggered.update(fresh)
                todo.extend(fresh)
    return triggered


RULE = Rule(
    code="FS204",
    name="untriggerable",
    severity=Severity.WARNING,
    summary="A scheduled job reads an asset that no schedule and no event ever makes",
    why="The job would run on time and fail, or read the same old value for ever, until somebody makes it by hand.",
    bad="""\
from flowstone import Cron, Job, asset


@asset
def orders() -> list[int]:  # <- here
    return [1, 2]


@asset
def report(orders: list[int]) -> int:
    return sum(orders)


nightly = Job("nightly", select="report", schedule=Cron("0 6 * * *", timezone="UTC"))
""",
    good="""\
from flowstone import Cron, Job, asset


@asset
def orders() -> list[int]:
    return [1, 2]


@asset
def report(orders: list[int]) -> int:
    return sum(orders)


nightly = Job("nightly", select="+report", schedule=Cron("0 6 * * *", timezone="UTC"))
""",
    check=check,
    fixes=(Remedy("selects in the job what is upstream too"),),
)
