"""The project that ``flowstone dev`` works for: read anew after a change, and taken only if it is sound."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from flowstone.cli.common import EXIT_FINDINGS, settings_of
from flowstone.errors import FlowStoneError, UsageError

if TYPE_CHECKING:
    from flowstone.dev.office import Means
    from flowstone.ir.job import Job
    from flowstone.ir.project import Project


class Reading:
    """A project and how it is read."""

    def __init__(
        self, folder: Path, profile: str | None, names: tuple[str, ...], engine: str | None, *, as_json: bool
    ) -> None:
        self._folder = folder
        self._profile = profile
        self._names = names
        self._engine = engine
        self.as_json = as_json
        self.settings = settings_of(folder, profile)
        self.jobs: tuple[str, ...] = ()
        """The jobs that are run."""

    @property
    def engine(self) -> str:
        """Whose rule tells when schedules fire."""
        from flowstone.checks.policy import configured_targets

        if self._engine is not None:
            return self._engine
        targets = [name for name in configured_targets(self.settings) if name in ("airflow", "prefect")]
        return targets[0] if len(targets) == 1 else "airflow"

    def sound(self) -> Project:
        """The project. Exits 1 with the findings if it has errors. Errors: UsageError if there is no such job."""
        project = self._read()
        if project is None:
            raise SystemExit(EXIT_FINDINGS)
        self.jobs = self._chosen(project)
        return project

    def again(self) -> Project | None:
        """The project as it is now, and the configuration with it; None, with the reason told, if it has errors."""
        from flowstone.cli.common import report_error

        before = self.settings
        try:
            self.settings = settings_of(self._folder, self._profile)
            project = self._read()
            if project is not None:
                self.jobs = self._chosen(project)
        except FlowStoneError as error:
            report_error(error)
            project = None
        if project is None:
            self.settings = before
        return project

    def _read(self) -> Project | None:
        """The project, or None if it has errors; findings are printed."""
        from flowstone.checks import run_checks
        from flowstone.diagnostics.diagnostic import Severity
        from flowstone.diagnostics.render_text import render_text
        from flowstone.frontend import load
        from flowstone.targets.local import LocalTarget

        loaded = load(self.settings)
        findings = run_checks(loaded, self.settings)
        if not any(item.severity is Severity.ERROR for item in findings):
            refused = [item for item in LocalTarget().check(loaded.project) if item.severity is Severity.ERROR]
            findings = (*findings, *refused)
        if findings:
            click.echo(render_text(list(findings), loaded.sources), err=True, nl=False)
        return None if any(item.severity is Severity.ERROR for item in findings) else loaded.project

    def _chosen(self, project: Project) -> tuple[str, ...]:
        from flowstone.diagnostics.suggest import did_you_mean

        for name in self._names:
            if name not in project.jobs:
                raise UsageError(f"there is no job {name!r}", help=did_you_mean(name, project.jobs))
        return tuple(name for name in project.jobs if not self._names or name in self._names)

    def means(self) -> Means:
        """What runs are carried out with."""
        from flowstone.cli.manifests import write_manifest
        from flowstone.config.environment import without_overrides
        from flowstone.dev.office import Means
        from flowstone.runtime.workspace import ROOT_VARIABLE

        settings = self.settings
        environment = {**without_overrides(os.environ), ROOT_VARIABLE: str(settings.root.absolute())}
        return Means(
            settings.home,
            settings.root,
            settings.run,
            environment,
            lambda project, name: write_manifest(project, settings, name),
            self.as_json,
        )


def shown(project: Project, jobs: tuple[str, ...], engine: str, now: datetime) -> Iterator[str]:
    """What starts each job, and when first."""
    for job in (project.jobs[name] for name in jobs):
        ways = list(_ways(project, job, engine, now)) or ["started by hand"]
        for place, way in enumerate(ways):
            yield f"{job.name if place == 0 else '':<{max(map(len, jobs))}}  {way}"


def _ways(project: Project, job: Job, engine: str, now: datetime) -> Iterator[str]:
    from flowstone.dev.follow import followed, is_any
    from flowstone.dev.timetable import following
    from flowstone.dsl.schedule import OnUpdate
    from flowstone.ir.text import schedule_text

    schedule = job.schedule
    if schedule is not None and not isinstance(schedule, OnUpdate):
        first = following(schedule, now, engine).astimezone(ZoneInfo(getattr(schedule, "timezone", None) or "UTC"))
        yield f"{schedule_text(schedule)}, first {first:%a %Y-%m-%d %H:%M:%S %Z}"
    elif assets := followed(project, job):
        yield f"after {(' or ' if is_any(job) else ' and ').join(assets)}"
    for sensor in project.sensors_of.get(job.name, ()):
        yield f"by the sensor {sensor.name}, which looks every {sensor.every:g} seconds"
