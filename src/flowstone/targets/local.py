"""Local: one script for each job. It runs the job from the manifest, on a machine that needs no compiler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from flowstone.config.model import EXECUTORS
from flowstone.diagnostics.diagnostic import Diagnostic, Severity, Span
from flowstone.diagnostics.suggest import did_you_mean
from flowstone.dsl.schedule import OnUpdate, Schedule
from flowstone.ir.digest import project_digest
from flowstone.ir.job import Job
from flowstone.ir.manifest import FILE_NAME
from flowstone.ir.node import Location
from flowstone.ir.project import Project
from flowstone.ir.text import schedule_text
from flowstone.targets.contract import Capability, Rendered, RenderOptions
from flowstone.targets.file_names import file_stems
from flowstone.targets.header import header
from flowstone.targets.local_capabilities import CAPABILITIES
from flowstone.targets.manifest import manifest_file
from flowstone.targets.refusals import CODE, Refusals

_LOCAL = Refusals("the local runner", "local", "option")


class LocalTarget:
    """Generates scripts for the local runner."""

    name: ClassVar[str] = "local"
    versions: ClassVar[tuple[str, ...]] = ()
    capabilities: ClassVar[tuple[Capability, ...]] = CAPABILITIES

    def check(self, project: Project) -> Iterator[Diagnostic]:
        """Options in ``local=`` that there are not, and schedules that somebody has to see to."""
        for step in project.steps.values():
            yield from _LOCAL.secrets(project, step)
            place = step.keywords.get("local", step.location)
            for name, value in step.engine_options.get("local", {}).items():
                if name != "executor":
                    hint = did_you_mean(name, ["executor"]) or "the only option is executor"
                    yield _finding(f"the local runner has no option {name!r}", place, hint)
                elif value not in EXECUTORS:
                    yield _finding(f"{value!r} is not an executor", place, f"there are: {', '.join(EXECUTORS)}")
        yield from _LOCAL.sensors(project)
        for job in project.jobs.values():
            if job.schedule is not None and job.location is not None:
                text = f"job {job.name} is not started by itself: the local target has no scheduler"
                yield _finding(text, job.location, _advice(job.schedule), Severity.INFO)

    def render(self, project: Project, options: RenderOptions) -> Rendered:
        """One script for each job, and the manifest."""
        from flowstone.targets.templates import render

        stems = file_stems(project, "_job")
        digest = project_digest(project)
        files = {
            f"{stems[job.name]}.py": render(
                "local/job.py.jinja",
                options.template_folder,
                header=header(_title(job), project, job, made_for="the local runner", target="local", digest=digest),
                manifest=FILE_NAME,
                job=job.name,
                steps=[project.steps[step] for step in job.steps],
            )
            for job in project.jobs.values()
        }
        return Rendered({**files, **manifest_file(project, options.project_root)})


def _title(job: Job) -> str:
    parts = [f"Job {job.name}: run this file; --help lists the options.", job.description]
    if job.schedule is not None:
        parts.append(f"To be started {schedule_text(job.schedule)}.")
    return "\n\n".join(filter(None, parts))


def _advice(schedule: Schedule) -> str:
    if isinstance(schedule, OnUpdate):
        return "let whatever makes the assets start the script after it"
    return "let cron or a timer start the script"


def _finding(message: str, place: Location, help: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    span = Span(place.file, place.line, place.column, place.end_line, place.end_column)
    return Diagnostic(CODE, severity, message, span, help)
