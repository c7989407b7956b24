"""What is asked of a run by ``flowstone run`` and ``flowstone plan``, in the same words."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from flowstone.cli.common import EXIT_FINDINGS, F, hide_secrets, project_options, settings_of, sound_project
from flowstone.cli.project_cache import ProjectCache
from flowstone.cli.selection import Selection, selection_options

if TYPE_CHECKING:
    from flowstone.config import Settings
    from flowstone.frontend import Loaded
    from flowstone.ir.project import Project
    from flowstone.runner.prepare import Asked
    from flowstone.runtime.workspace import Workspace


class Wanted(Struct, frozen=True):
    """The values of the options."""

    selection: Selection
    partition: tuple[str, ...]
    partitions: tuple[str, ...]
    assignments: tuple[str, ...]
    force: bool
    project: Path
    profile: str | None

    @property
    def says_something(self) -> bool:
        """Whether anything is asked for but a project."""
        chosen = self.selection
        given = (chosen.selectors, chosen.exclude, chosen.state, self.partition, self.partitions, self.assignments)
        return self.force or any(given)


class Opened(Struct, frozen=True):
    """A project that can be run."""

    settings: Settings
    workspace: Workspace
    manifest: Path | None = None
    """Where workers read it, if it was written before."""
    keep: Callable[[Path], None] | None = None
    """Keeps the project for the next time, once its manifest is written."""


class Ready(Struct, frozen=True):
    """A project that can be run, and what it was asked for."""

    opened: Opened
    asked: Asked

    @property
    def workspace(self) -> Workspace:
        return self.opened.workspace


def wanted_options(command: F) -> F:
    """The selection, its partitions, values of config parameters and ``--force``."""
    options = (
        selection_options(),
        click.option("--partition", multiple=True, metavar="KEY", help="A partition to run; may be repeated."),
        click.option("--partitions", multiple=True, metavar="FIRST..LAST", help="A range of partitions to run."),
        click.option(
            "--set",
            "assignments",
            multiple=True,
            metavar="ASSET.PARAM=VALUE",
            help="Value of a config parameter: JSON or text.",
        ),
        click.option("--force", is_flag=True, help="Run everything, also what is stored already and up to date."),
        project_options,
    )
    for option in reversed(options):
        command = option(command)
    return command


def ready(wanted: Wanted) -> Ready:
    """Load the project and select. Errors: UsageError and its kinds. Exits 1 with the findings if there are errors."""
    from flowstone.ir.light_pydantic import without_plugins

    for text in wanted.partitions:
        if ".." not in text:
            raise click.UsageError(f"--partitions takes a range such as {text}..{text}, not {text!r}")
    with without_plugins():
        return _ready(wanted)


def _ready(wanted: Wanted) -> Ready:
    from flowstone.runner.prepare import Asked

    found = opened(wanted)
    steps = wanted.selection.steps(found.workspace)
    _demand_used(found.workspace.project, steps, wanted.assignments)
    keys = (*wanted.partition, *wanted.partitions)
    return Ready(found, Asked(steps, keys, wanted.force, assignments=wanted.assignments))


def opened(wanted: Wanted) -> Opened:
    """The project with the values that were given. Errors and exits: as ``ready``."""
    from flowstone.config.environment import without_overrides
    from flowstone.runtime.workspace import Workspace

    settings = settings_of(wanted.project, wanted.profile)
    cache = ProjectCache(settings)
    keep: Callable[[Path], None] | None = None
    project, manifest = cache.get() or (None, None)
    if project is None:
        loaded = sound_project(settings)
        _demand_local(loaded)
        project, keep = loaded.project, partial(cache.put, loaded.sources, searched=loaded.searched)
    ir = with_values(project, wanted.assignments)
    workspace = Workspace(ir, settings.root.absolute(), without_overrides(os.environ))
    hide_secrets(click.get_current_context(), workspace.hide)
    return Opened(settings, workspace, manifest, keep) if ir is project else Opened(settings, workspace)


def _demand_local(loaded: Loaded) -> None:
    """Exit 1 with the findings if an option is meant for the local runner and it does not know it."""
    from flowstone.diagnostics.diagnostic import Severity
    from flowstone.diagnostics.render_text import render_text
    from flowstone.targets.local import LocalTarget

    errors = [finding for finding in LocalTarget().check(loaded.project) if finding.severity is Severity.ERROR]
    if errors:
        click.echo(render_text(errors, loaded.sources), err=True, nl=False)
        raise SystemExit(EXIT_FINDINGS)


def with_values(project: Project, assignments: Sequence[str]) -> Project:
    """The project with values of config parameters given as ``ASSET.PARAM=VALUE``.

    Errors: UsageError for an unknown asset, resource, check or parameter; ConfigurationError for a wrong type.
    """
    if not assignments:
        return project
    from flowstone.runtime.overrides import declared_parameters

    declared = declared_parameters(project)
    params = {owner: dict(values) for owner, values in project.params.items()}
    for text in assignments:
        owner, parameter, value = _assignment(text, declared)
        params.setdefault(owner, {})[parameter] = value
    return project.model_copy(update={"params": params})


def _demand_used(project: Project, steps: Sequence[str], assignments: Sequence[str]) -> None:
    """Errors: UsageError for a value of an asset that is not among those that run: it would change nothing."""
    from flowstone.errors import UsageError

    others = {resource.name for resource in project.resources.values()} | {check.name for check in project.checks}
    for text in assignments:
        owner = text.partition("=")[0].rpartition(".")[0]
        if owner in project.steps and owner not in steps and owner not in others:
            raise UsageError(f"--set {text}: {owner} is not selected", help=f"select it too: flowstone run {owner} ...")


def _assignment(text: str, declared: Mapping[str, Mapping[str, Any]]) -> tuple[str, str, Any]:
    """Owner, parameter and value of ``ASSET.PARAM=VALUE``."""
    from flowstone.diagnostics.suggest import did_you_mean
    from flowstone.errors import UsageError
    from flowstone.runtime.parameters import from_text

    place, equals, value = text.partition("=")
    owner, dot, parameter = place.rpartition(".")
    if not equals or not dot:
        raise UsageError(f"--set takes ASSET.PARAM=VALUE, not {text!r}")
    if owner not in declared:
        raise UsageError(f"--set {place}: there is no {owner!r}", help=did_you_mean(owner, declared))
    if parameter not in declared[owner]:
        known = ", ".join(sorted(declared[owner]))
        hint = did_you_mean(parameter, declared[owner]) or (f"it has {known}" if known else "it has none")
        raise UsageError(f"--set {place}: {owner} has no config parameter {parameter!r}", help=hint)
    return owner, parameter, from_text(declared[owner][parameter], value, place)
