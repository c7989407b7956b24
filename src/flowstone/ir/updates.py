"""Which assets start the jobs that run after others were made."""

from __future__ import annotations

from flowstone.dsl.schedule import OnUpdate
from flowstone.ir.job import Job
from flowstone.ir.project import Project


def assets_meant(project: Project, name: str, namespace: str | None) -> tuple[str, ...]:
    """The ids of the assets that a name in ``OnUpdate`` may mean: one of the namespace first, then any of that name."""
    if namespace is not None and f"{namespace}.{name}" in project.assets:
        return (f"{namespace}.{name}",)
    if name in project.assets:
        return (name,)
    return tuple(asset.id for asset in project.named.get(name, ()))


def namespace_of(project: Project, step: str) -> str | None:
    """The namespace in which a step's own schedule names assets."""
    return next((project.assets[asset].namespace for asset in project.steps[step].outputs.values()), None)


def updates_of(project: Project, job: Job) -> tuple[str, ...]:
    """The assets whose update starts a job, in the order in which they are named; none if it has another schedule."""
    if not isinstance(job.schedule, OnUpdate):
        return ()
    namespace = namespace_of(project, job.steps[0]) if job.implicit and job.steps else None
    meant = (assets_meant(project, name, namespace) for name in job.schedule.assets)
    return tuple(dict.fromkeys(found[0] for found in meant if len(found) == 1))
