"""Jobs: those that are declared, those of assets with a schedule of their own, and one for each group of the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from flowstone.diagnostics.diagnostic import Span
from flowstone.dsl.job import Job as JobValue
from flowstone.errors import SelectionError
from flowstone.fixes.respell import respell
from flowstone.fixes.source import MakeFix
from flowstone.frontend.constants import Evaluator
from flowstone.frontend.declarations import DeclaredJob
from flowstone.frontend.drafts import check_plain_name
from flowstone.frontend.findings import Findings
from flowstone.frontend.lower import tags_of
from flowstone.frontend.places import location, span_of
from flowstone.frontend.values import Refusal
from flowstone.ir.job import Job
from flowstone.ir.project import Project
from flowstone.ir.select import select


def lower_jobs(
    declared: Iterable[DeclaredJob], project: Project, evaluator: Evaluator, findings: Findings
) -> dict[str, Job]:
    """All jobs of a project by name. The project has its steps and assets already."""
    found = [declared_job(item, project, evaluator, findings) for item in declared]
    return all_jobs((job for job in found if job is not None), project, findings)


def all_jobs(declared: Iterable[Job], project: Project, findings: Findings) -> dict[str, Job]:
    """The declared jobs, each once, and those that need no declaration."""
    jobs: dict[str, Job] = {}
    findings.owner = ""
    for job in declared:
        other = jobs.setdefault(job.name, job)
        if other is not job and other.location is not None and job.location is not None:
            findings.error(
                "FS103",
                f"job '{job.name}' is declared twice",
                span_of(job.location),
                help="give one of them another name",
                related=[(span_of(other.location), "it is also declared here")],
            )
    for job in _own_schedules(project, dict(jobs), findings):
        jobs.setdefault(job.name, job)
    for job in _groups(project, jobs):
        jobs[job.name] = job
    return jobs


def selected_anew(job: Job, project: Project) -> Job:
    """A declared job with the steps that it selects now. Errors: SelectionError for what was no finding before."""
    if project.steps:
        select(project, job.select)
    if job.exclude is not None:
        select(project, job.exclude)
    return job.model_copy(update={"steps": _both(project, job.select, job.exclude)})


def declared_job(declared: DeclaredJob, project: Project, evaluator: Evaluator, findings: Findings) -> Job | None:
    """A job of which the project knows nothing yet; None after a finding."""
    findings.owner = declared.runs_in.path
    try:
        value = evaluator.evaluate(declared.call, declared.scope)
    except Refusal as refusal:
        refusal.note(findings)
        return None
    assert isinstance(value, JobValue)
    if not check_plain_name("job", value.name, _argument(declared, "name", 0), findings):
        return None
    steps = _steps(declared, value, project, findings)
    if steps is None:
        return None
    return Job(
        name=value.name,
        select=value.select,
        exclude=value.exclude,
        steps=steps,
        schedule=value.schedule,
        description=value.description or "",
        tags=tags_of(value.tags),
        owners=tuple(value.owners),
        concurrency=value.concurrency,
        location=location(declared.span),
    )


def _steps(declared: DeclaredJob, value: JobValue, project: Project, findings: Findings) -> tuple[str, ...] | None:
    """The selected steps; none if all are excluded, which is a rule's finding; None after a finding."""
    for keyword, place, text in (("select", 1, value.select), ("exclude", 2, value.exclude)):
        if text is None:
            continue
        try:
            select(project, text)
        except SelectionError as error:
            if keyword == "exclude" or project.steps:
                message = f"job '{value.name}': {error}"
                span = _argument(declared, keyword, place)
                findings.error("FS206", message, span, help=error.help, fix=_corrected(text, error, span))
                return None
            return ()
    return _both(project, value.select, value.exclude)


def _corrected(selector: str, error: SelectionError, span: Span) -> MakeFix | None:
    """The fix of a selector in which one name is wrong, once."""
    if error.wrong is None or error.meant is None:
        return None
    parts = re.split(rf"(?<![\w.:]){re.escape(error.wrong)}(?![\w.:])", selector)
    return respell(span, selector, error.meant.join(parts)) if len(parts) == 2 else None


def _both(project: Project, selected: str, excluded: str | None) -> tuple[str, ...]:
    try:
        return select(project, selected, excluded)
    except SelectionError:
        return ()


def _argument(declared: DeclaredJob, name: str, place: int) -> Span:
    for keyword in declared.call.keywords:
        if keyword.arg == name:
            return declared.scope.module.span(keyword.value)
    arguments = declared.call.args
    return declared.scope.module.span(arguments[place]) if place < len(arguments) else declared.span


def _own_schedules(project: Project, jobs: dict[str, Job], findings: Findings) -> Iterator[Job]:
    for step in project.steps.values():
        if step.schedule is None:
            continue
        holder = next((job for job in jobs.values() if step.id in job.steps), None)
        if holder is not None and holder.location is not None:
            findings.error(
                "FS005",
                f"asset '{step.id}' has a schedule of its own and is in job '{holder.name}'",
                span_of(step.keywords["schedule"]),
                help="leave out one of the two: the job's schedule runs all of its assets",
                related=[(span_of(holder.location), "the job")],
            )
            continue
        yield Job(
            name=_free_name(step.id.replace(".", "_"), jobs),
            select=step.id,
            steps=(step.id,),
            schedule=step.schedule,
            implicit=True,
        )


def _groups(project: Project, jobs: dict[str, Job]) -> Iterator[Job]:
    taken = {step for job in jobs.values() for step in job.steps}
    groups: dict[str, list[str]] = {}
    for step in project.steps.values():
        if step.id not in taken:
            asset = next(iter(step.outputs.values()))
            groups.setdefault(project.assets[asset].group, []).append(step.id)
    for group, steps in sorted(groups.items()):
        yield Job(
            name=_free_name(group, jobs),
            select=" ".join(steps),
            steps=tuple(steps),
            implicit=True,
        )


def _free_name(wanted: str, jobs: dict[str, Job]) -> str:
    """The name, or if a job has it the name with a number."""
    name, number = wanted, 2
    while name in jobs:
        name, number = f"{wanted}_{number}", number + 1
    return name
