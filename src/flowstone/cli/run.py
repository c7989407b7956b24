"""``flowstone run``."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from flowstone.cli.common import EXIT_FINDINGS, project_options, settings_of, sound_project

if TYPE_CHECKING:
    from flowstone.config import Settings
    from flowstone.frontend import Loaded
    from flowstone.ir.project import Project


@click.command("run")
@click.argument("selection", nargs=-1)
@click.option("--exclude", metavar="SELECTOR", help="Leave these out.")
@click.option("--partition", "partition", multiple=True, metavar="KEY", help="A partition to run; may be repeated.")
@click.option("--partitions", "partitions", multiple=True, metavar="FIRST..LAST", help="A range of partitions to run.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="ASSET.PARAM=VALUE",
    help="Value of a config parameter: JSON or text.",
)
@click.option("--force", is_flag=True, help="Run everything, also what is stored already and up to date.")
@click.option(
    "--executor",
    type=click.Choice(["process", "thread", "inline"]),
    help="Where functions run: worker processes, threads, or one after the other. Default: the configuration's.",
)
@click.option("--workers", type=click.IntRange(min=1), help="How many run at once. Default: the configuration's.")
@click.option("-q", "--quiet", is_flag=True, help="Tell of failures only.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@project_options
def run(
    selection: tuple[str, ...],
    exclude: str | None,
    partition: tuple[str, ...],
    partitions: tuple[str, ...],
    assignments: tuple[str, ...],
    force: bool,
    executor: Literal["process", "thread", "inline"] | None,
    workers: int | None,
    quiet: bool,
    output_format: Literal["text", "json"],
    project: Path,
    profile: str | None,
) -> None:
    """Run the assets that SELECTION means (default: all), each after what it needs.

    What is stored already, made by the same code from the same inputs with the same configuration, is reused. When an
    asset fails, what needs it is skipped, everything else still runs, and the exit code is 1.
    """
    from flowstone.ir.select import select
    from flowstone.runner.session import Session, carry_out
    from flowstone.runtime.workspace import Workspace

    settings = settings_of(project, profile)
    for text in partitions:
        if ".." not in text:
            raise click.UsageError(f"--partitions takes a range such as {text}..{text}, not {text!r}")
    loaded = sound_project(settings)
    _demand_local(loaded)
    ir = with_values(loaded.project, assignments)
    steps = select(ir, " ".join(selection) or "*", exclude)
    _demand_used(ir, steps, assignments)
    session = Session(
        steps=steps,
        keys=(*partition, *partitions),
        executor=executor or settings.run.executor,
        workers=workers or settings.run.workers,
        force=force,
        manifest=write_manifest(ir, settings),
        resume=_resume_command(),
        quiet=quiet,
        output_format=output_format,
    )
    workspace = Workspace(ir, settings.root.absolute(), _environment(os.environ))
    raise SystemExit(carry_out(workspace, session))


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


def write_manifest(project: Project, settings: Settings) -> Path:
    """Write the manifest that worker processes read, and return its path. Errors: UsageError if that fails."""
    from flowstone.ir.manifest import make_manifest

    manifest = make_manifest(project, None)
    folder = settings.cache_folder / "manifests"
    path = folder / f"{manifest.digest.removeprefix('sha256:')}.json"
    if not path.exists():
        _write(path, manifest.text())
    return path


def _write(path: Path, text: str) -> None:
    from flowstone.errors import UsageError

    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


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


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Without the variables that the configuration has applied: the command line wins over them."""
    from flowstone.config.environment import IO_MANAGERS, PARAMS

    return {name: text for name, text in environment.items() if not name.upper().startswith((IO_MANAGERS, PARAMS))}


def _resume_command() -> str:
    """The same command without ``--force``: what was made before the interruption is then reused."""
    import sys

    return shlex.join(["flowstone", *(argument for argument in sys.argv[1:] if argument != "--force")])
